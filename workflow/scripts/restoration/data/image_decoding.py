"""Picture files as arrays of 8 bits: upright, of one or three channels, and of one size.

`opened` decodes every picture. Trainings and `restore` then ask for different things, each for a reason: a training
needs opaque images, and takes 16 bits and reduced decoding to read any data set at any size; `restore` reads
transparency as a hole, and refuses 16 bits, which it could not give back.
"""

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from restoration.core.errors import UserError, quoted, reason
from restoration.data.dataset_files import SMALLEST

LARGEST = 128  # pixels; the fully connected networks of this workflow do not fit larger images
FORMATS = ("PNG", "JPEG")  # of data sets
REDUCED = 3  # a JPEG is decoded at an eighth, a quarter or a half, if that is so many times the wanted size
MODES = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr"}  # Pillow's, of 8 bits a value or less
COLOURS = {1: "L", 3: "RGB"}
OPAQUE = 255
ORIENTATION, ON_ITS_SIDE = 0x0112, (5, 6, 7, 8)  # of EXIF


def opened(source: Any, formats: tuple[str, ...] | None = None, reduced: int = 0) -> Any:
    """Decode a whole picture, and turn it upright as its EXIF data say. Returns Pillow's image.

    source: a path or a binary file; formats: those that are read, None for all; reduced: pixels that are enough, 0 for
    full size. Raises exceptions of any kind, for damaged bytes lead Pillow to any.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd metadata, and of 90 million pixels; Pillow refuses 180 million
        with Image.open(source, formats=formats) as image:
            if reduced:
                image.draft(None, (reduced, reduced))
            image.load()
            return ImageOps.exif_transpose(image)


def decode(content: bytes, name: str, size: tuple[int, int] | None, fit: str) -> np.ndarray:
    """Decode a file of a data set to uint8 (C, H, W), C 1 where the file's format is grey, else 3.

    size: height and width; None keeps the image's own. fit: see `resized`. A palette is looked up; of 16 bits the
    higher 8 are kept; an alpha channel is dropped if all is opaque.

    Raises UserError, naming the file, for what is not a whole image, is transparent, or has an unusable size.
    """
    try:
        image = opened(io.BytesIO(content), FORMATS, REDUCED * max(size) if size else 0)
    except Exception as error:
        why = "its content is neither" if isinstance(error, UnidentifiedImageError) else reason(error)
        raise UserError(f"{quoted(name, 100)}: not a whole PNG or JPEG image ({why})") from None
    image = _opaque(image, name)
    if size:
        image = resized(image, size, fit)
    else:
        words = f"{quoted(name, 100)}: {image.height} x {image.width} pixels (height x width)"
        last = "set dataset.size, as size: 32"
        if min(image.size) < SMALLEST:
            raise UserError(f"{words}; {SMALLEST} x {SMALLEST}, the window of SSIM, are the least; {last}")
        if max(image.size) > LARGEST:
            raise UserError(f"{words}; {LARGEST} x {LARGEST} are the most for these networks; {last}")
    array = np.asarray(image)
    return array[None] if array.ndim == 2 else array.transpose(2, 0, 1)


def decode_with_opacity(path: Path, channels: int) -> tuple[np.ndarray, np.ndarray]:
    """Decode a picture to uint8 (C, H, W), C 1 (grey, by the luma of BT.601) or 3, and what is not opaque, bool
    (1, H, W). Raises UserError, naming the file, if it cannot be read or has more than 8 bits a value.
    """
    header(path)
    try:
        image = opened(path).convert("RGBA")
        opacity, pixels = np.asarray(image)[None, ..., 3], np.asarray(image.convert(COLOURS[channels]))
    except Exception as error:
        raise _unreadable(path, error) from None
    return pixels.reshape(*pixels.shape[:2], channels).transpose(2, 0, 1), opacity < OPAQUE


def header(path: Path) -> tuple[tuple[int, int], bool]:
    """Return a picture's upright height and width, and whether it may be transparent, without decoding the picture.

    Raises UserError, naming the file, if it cannot be read or has more than 8 bits a value.
    """
    try:
        with Image.open(path) as picture:
            mode, size, transparent = picture.mode, picture.size, picture.has_transparency_data
            known = picture.format != "PNG" or "exif" in picture.info  # else Pillow decodes a PNG to look at its end
            turned = known and picture.getexif().get(ORIENTATION) in ON_ITS_SIDE
    except Exception as error:
        raise _unreadable(path, error) from None
    if mode not in MODES:
        raise UserError(f"{path}: has values of more than 8 bits ({mode}); save it with 8 bits a value")
    return size if turned else size[::-1], transparent


def resized(image: Any, size: tuple[int, int], fit: str, kind: Any = Image.Resampling.LANCZOS) -> Any:
    """Resize Pillow's image to a height and width. Where proportions differ, `crop` keeps the middle, `stretch` all."""
    return ImageOps.fit(image, size[::-1], kind) if fit == "crop" else image.resize(size[::-1], kind)


def _unreadable(path: Path, error: Exception) -> UserError:
    return UserError(f"{path}: is no picture that can be read ({reason(error)})")


def _opaque(image: Any, name: str) -> Any:
    """Convert the image to mode L or RGB. Raises UserError if a part of it is transparent."""
    sixteen = image.mode.startswith("I")  # grey of 16 bits; Pillow itself reduces those of colour images to 8
    if image.has_transparency_data and (sixteen or image.convert("RGBA").getextrema()[3][0] < OPAQUE):
        raise UserError(f"{quoted(name, 100)}: parts of it are transparent; give it a background")
    if sixteen:
        return Image.fromarray((np.asarray(image).astype(np.uint32) >> 8).clip(max=255).astype(np.uint8))
    return image.convert("L" if image.mode in ("1", "L", "LA") else "RGB")
