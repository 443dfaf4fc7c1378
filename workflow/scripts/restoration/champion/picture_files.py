"""Folders of picture files: found by name, read as arrays, written as PNG."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from restoration.core.artifacts import replacing
from restoration.core.errors import UserError, reason

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"}
MODES = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr"}  # of 8 bits a value, or less
COLOURS = {1: "L", 3: "RGB"}
OPAQUE = 255
ORIENTATION, ON_ITS_SIDE = 0x0112, (5, 6, 7, 8)  # of EXIF
HALF = 127  # what is lighter in a mask hides a pixel
HIDDEN = np.array([222, 143, 5], np.uint8)  # as the report's figures show what is hidden: orange
GAP, SMALLEST, LONGEST = 4, 84, 24  # pixels between pictures; that one takes at least; pairs beside each other


def find(folder: str | Path, key: str) -> dict[str, Path]:
    """The pictures of a folder, name without ending to file, sorted; what begins with a dot or is none is left out.

    Raises UserError, naming the key of the configuration, if it is no folder, holds none, or a name twice.
    """
    try:
        files = sorted(path for path in Path(folder).iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())
    except (OSError, ValueError) as error:
        raise UserError(f"{key}: {folder} is no folder that can be read ({reason(error)})") from None
    found: dict[str, Path] = {}
    for path in files:
        if not path.name.startswith("."):
            if path.stem in found:
                raise UserError(f"{key}: {found[path.stem]} and {path} would both become {path.stem}.png; rename one")
            found[path.stem] = path
    if not found:
        raise UserError(f"{key}: {folder} holds no picture ({', '.join(sorted(SUFFIXES))})")
    return found


def header(path: Path) -> tuple[tuple[int, int], bool]:
    """A picture's height and width, and whether it may be transparent. Raises UserError if it is none to be read."""
    from PIL import Image

    try:
        with Image.open(path) as picture:
            mode, size, transparent = picture.mode, picture.size, picture.has_transparency_data
            known = picture.format != "PNG" or "exif" in picture.info  # else a PNG is decoded to look for it at its end
            turned = known and picture.getexif().get(ORIENTATION) in ON_ITS_SIDE
    except Exception as error:  # damaged bytes lead its readers to errors of any kind
        raise UserError(f"{path}: is no picture that can be read ({reason(error)})") from None
    if mode not in MODES:
        raise UserError(f"{path}: has values of more than 8 bits ({mode}); save it with 8 bits a value")
    return size if turned else size[::-1], transparent


def read(path: Path, channels: int) -> tuple[np.ndarray, np.ndarray]:
    """A picture, uint8 (C, H, W), of 1 channel (grey, by the luma of BT.601) or 3, and what of it is not opaque, bool
    (1, H, W). It is turned as the camera was held. Raises UserError if it cannot be read.
    """
    from PIL import Image, ImageOps

    header(path)
    try:
        with Image.open(path) as picture:
            whole = ImageOps.exif_transpose(picture).convert("RGBA")
            opacity, pixels = np.asarray(whole)[None, ..., 3], np.asarray(whole.convert(COLOURS[channels]))
    except Exception as error:
        raise UserError(f"{path}: is no picture that can be read ({reason(error)})") from None
    return pixels.reshape(*pixels.shape[:2], channels).transpose(2, 0, 1), opacity < OPAQUE


def read_mask(path: Path) -> np.ndarray:
    """What a picture that is a mask hides, bool (1, H, W): where it is lighter than middle grey."""
    return read(path, 1)[0] > HALF


def fitted(image: np.ndarray, hidden: np.ndarray, size: tuple[int, int], fit: str) -> tuple[np.ndarray, np.ndarray]:
    """A picture and what is hidden of it, in the form of `read`, of another height and width: `crop` keeps the middle,
    `stretch` all, by Lanczos' filter, as `image_decoding.decode` does to the images that models are trained on.

    What is hidden has no part in what is seen: a pixel is the mean of the visible ones, and hidden if one was not.
    """
    from PIL import Image, ImageOps

    if image.shape[1:] == size:
        return image, hidden

    def resized(plane: np.ndarray, kind: Image.Resampling) -> np.ndarray:
        picture = Image.fromarray(plane.astype(np.float32))
        return np.asarray(
            ImageOps.fit(picture, size[::-1], kind) if fit == "crop" else picture.resize(size[::-1], kind)
        )

    visible = ~hidden[0]
    covered = resized(visible, Image.Resampling.BILINEAR) < 1 - 1e-4  # this filter has no negative weights
    weight = np.where(covered, 1, resized(visible, Image.Resampling.LANCZOS))
    planes = [resized(plane * visible, Image.Resampling.LANCZOS) / weight for plane in image]
    return np.stack(planes).round().clip(0, 255).astype(np.uint8), covered[None]


def write(path: Path, image: np.ndarray) -> None:
    """uint8 (C, H, W) as PNG."""
    from PIL import Image

    with replacing(path) as part:
        Image.fromarray(image.transpose(1, 2, 0).squeeze(2) if len(image) == 1 else image.transpose(1, 2, 0)).save(part)


def pairs(damaged: Iterable[np.ndarray], hidden: Iterable[np.ndarray], restored: Iterable[np.ndarray]) -> np.ndarray:
    """A sheet, uint8 (3, height, width): each damaged image with its restored one to its right, in rows, on white.

    Images uint8 (C, H, W), one at least; hidden bool (1, H, W), which is coloured. Small ones are shown larger.
    """
    cells = []
    for before, mask, after in zip(damaged, hidden, restored, strict=True):
        shown = np.where(mask, HIDDEN[:, None, None], np.broadcast_to(before, (3, *before.shape[1:])))
        both = np.stack([shown, np.broadcast_to(after, shown.shape)]).astype(np.uint8)
        scale = -(-SMALLEST // min(both.shape[2:]))
        large = both.repeat(scale, axis=2).repeat(scale, axis=3)
        framed = np.pad(large, ((0, 0), (0, 0), (0, GAP), (0, GAP)), constant_values=255)
        cells.append(
            np.pad(np.concatenate(list(framed), axis=2), ((0, 0), (0, GAP), (0, 3 * GAP)), constant_values=255)
        )
    across = min(LONGEST, max(1, round((len(cells) / 2) ** 0.5)))
    cells += [np.full_like(cells[0], 255)] * (-len(cells) % across)
    rows = [np.concatenate(cells[start : start + across], axis=2) for start in range(0, len(cells), across)]
    return np.concatenate(rows, axis=1)[:, : -2 * GAP, : -4 * GAP]
