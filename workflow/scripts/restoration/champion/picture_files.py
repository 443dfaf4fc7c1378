"""The picture files that `snakemake restore` is asked for: found, checked before anything runs, fitted, written."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from restoration.core.artifacts import replacing
from restoration.core.errors import UserError, reason
from restoration.data.image_decoding import decode_with_opacity, header, resized

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"}
HALF = 127  # a lighter pixel of a mask is hidden
HIDDEN = np.array([222, 143, 5], np.uint8)  # orange, as in the report's figures
GAP, SMALLEST = 4, 84  # pixels between pictures, and of a picture's shorter side at least
LONGEST = 24  # pairs in a row, at most
SHEET = "side_by_side"  # the name of the sheet in the folder of restored pictures


def find(folder: str | Path, key: str) -> dict[str, Path]:
    """Find a folder's pictures, sorted: name without suffix to file. Hidden files and other files are left out.

    Raises UserError, naming the key of the configuration, if the folder cannot be read, holds no picture, or one name
    twice.
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


class Item(NamedTuple):
    """A picture; mask: its file, or None if transparency, or nothing, says what is hidden."""

    name: str
    image: Path
    mask: Path | None


def plan(request: Mapping[str, Any], fills_holes: bool | None, size: tuple[int, int] | None) -> list[Item]:
    """Return the pictures to restore, by name. Raises UserError, naming the key or the file.

    request: the key `restore` of the configuration; fills_holes: whether the task hides a part of its images; size:
    height and width of the model's images. Both may be None, where they are not known yet.
    """
    images = find(request["images"], "restore.images")
    masks = find(request["masks"], "restore.masks") if request["masks"] else {}
    _check_output(request)
    if SHEET in images:
        raise UserError(f"{images[SHEET]}: this name is the sheet's; rename it")
    if masks and fills_holes is False:
        raise UserError(f"restore.masks: the task '{request['task']}' hides nothing; leave them out")
    items = []
    for name, image in images.items():
        if masks and name not in masks:
            raise UserError(f"{image}: there is no mask of its name in {request['masks']}")
        found, transparent = header(image)
        if not request["fit"]:
            _check_size(image, found, size, "; resize it, or have it done: set restore.fit, as fit: crop")
        if masks:
            _check_size(masks[name], header(masks[name])[0], found)
        elif fills_holes and not transparent:
            raise UserError(f"{image}: is not transparent anywhere; give restore.masks, which say what is hidden")
        items.append(Item(name, image, masks.get(name)))
    return items


def _check_output(request: Mapping[str, Any]) -> None:
    output = Path(request["output"])
    for key in ("images", "masks"):
        if request[key] and output.resolve() == Path(request[key]).resolve():
            raise UserError(
                f"restore.output: {output} is the folder of the {key}, which would be overwritten; give another"
            )
    if output.exists() and not output.is_dir():
        raise UserError(f"restore.output: {output} is no folder")


def _check_size(path: Path, found: tuple[int, int], size: tuple[int, int] | None, advice: str = "") -> None:
    if size and found != size:
        has, needed = (" x ".join(map(str, sides)) for sides in (found, size))
        raise UserError(f"{path}: has {has} pixels (height x width); {needed} are needed{advice}")


def read_mask(path: Path) -> np.ndarray:
    """Read what a picture that is a mask hides, bool (1, H, W): what is lighter than middle grey."""
    return decode_with_opacity(path, 1)[0] > HALF


def fitted(image: np.ndarray, hidden: np.ndarray, size: tuple[int, int], fit: str) -> tuple[np.ndarray, np.ndarray]:
    """Fit a picture, uint8 (C, H, W), and what is hidden of it, bool (1, H, W), to a height and width.

    fit: as of `image_decoding.resized`, which fits the images that models are trained on. Hidden pixels have no part
    in visible ones: a pixel is the mean of the visible pixels under the filter, and hidden if one of them was hidden.
    """
    if image.shape[1:] == size:
        return image, hidden

    def scaled(plane: np.ndarray, kind: Image.Resampling) -> np.ndarray:
        return np.asarray(resized(Image.fromarray(plane.astype(np.float32)), size, fit, kind))

    visible = ~hidden[0]
    covered = scaled(visible, Image.Resampling.BILINEAR) < 1 - 1e-4  # this filter has no negative weights
    weight = np.where(covered, 1, scaled(visible, Image.Resampling.LANCZOS))
    planes = [scaled(plane * visible, Image.Resampling.LANCZOS) / weight for plane in image]
    return np.stack(planes).round().clip(0, 255).astype(np.uint8), covered[None]


def write(path: Path, image: np.ndarray) -> None:
    """Write uint8 (C, H, W) as PNG."""
    with replacing(path) as part:
        Image.fromarray(image.transpose(1, 2, 0).squeeze(2) if len(image) == 1 else image.transpose(1, 2, 0)).save(part)


def pairs(damaged: Iterable[np.ndarray], hidden: Iterable[np.ndarray], restored: Iterable[np.ndarray]) -> np.ndarray:
    """Draw a sheet, uint8 (3, height, width): each damaged image beside its restored one, in rows, on white.

    At least one pair of images, uint8 (C, H, W); hidden: bool (1, H, W), drawn in colour. Small images are enlarged.
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
