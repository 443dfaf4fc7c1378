"""Image files of any make as arrays of 8 bits: one or three channels, upright, and of one size."""

import io
import warnings
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from restoration.core.errors import UserError, quoted, reason
from restoration.data.dataset_files import SMALLEST

LARGEST = 128  # pixels: of larger ones the networks of this workflow, fully connected, no longer fit
FORMATS = ("PNG", "JPEG")
REDUCED = 3  # a JPEG is decoded at an eighth, a quarter or a half, where that is so many times the wanted size


def decode(content: bytes, name: str, size: tuple[int, int] | None, fit: str) -> np.ndarray:
    """A file's content as uint8 (C, H, W), C 1 where it is grey by its format, else 3.

    size: height and width; None leaves the image as it is. fit: what becomes of other proportions: `crop` keeps the
    middle, `stretch` all. An image is turned as its EXIF data say; a palette is looked up; of 16 bits the higher 8 are
    kept, of alpha nothing where all is opaque. Resampled by Lanczos' filter.

    Raises UserError, naming the file, for what is not a whole image, is transparent, or of a size that does not do.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd metadata, and of 90 million pixels; it refuses 180 million
            image: Any = Image.open(io.BytesIO(content), formats=FORMATS)
            if size:
                image.draft(None, (REDUCED * max(size), REDUCED * max(size)))
            image.load()
            image = ImageOps.exif_transpose(image)
    except Exception as error:  # whatever a damaged file can lead to
        why = "its content is neither" if isinstance(error, UnidentifiedImageError) else reason(error)
        raise UserError(f"{quoted(name, 100)}: not a whole PNG or JPEG image ({why})") from None
    image = _plain(image, name)
    if size is None:
        _check_size(image.height, image.width, name)
    elif fit == "crop":
        image = ImageOps.fit(image, size[::-1], Image.Resampling.LANCZOS)
    else:
        image = image.resize(size[::-1], Image.Resampling.LANCZOS)
    array = np.asarray(image)
    return array[None] if array.ndim == 2 else array.transpose(2, 0, 1)


def _plain(image: Any, name: str) -> Any:
    """The image in mode L or RGB."""
    sixteen = image.mode.startswith("I")  # bits, grey; Pillow itself makes 8 of them in colour
    if image.has_transparency_data and (sixteen or image.convert("RGBA").getextrema()[3][0] < 255):
        raise UserError(f"{quoted(name, 100)}: parts of it are transparent; give it a background")
    if sixteen:
        return Image.fromarray((np.asarray(image).astype(np.uint32) >> 8).clip(max=255).astype(np.uint8))
    return image.convert("L" if image.mode in ("1", "L", "LA") else "RGB")


def _check_size(height: int, width: int, name: str) -> None:
    words, last = f"{quoted(name, 100)}: {height} x {width} pixels (height x width)", "set dataset.size, as size: 32"
    if min(height, width) < SMALLEST:
        raise UserError(f"{words}; {SMALLEST} x {SMALLEST}, the window of SSIM, are the least; {last}")
    if max(height, width) > LARGEST:
        raise UserError(f"{words}; {LARGEST} x {LARGEST} are the most for these networks; {last}")
