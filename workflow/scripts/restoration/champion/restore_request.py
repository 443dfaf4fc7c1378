"""What `snakemake restore` is asked for, checked before anything runs: each picture with its mask."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from restoration.champion import picture_files
from restoration.core.errors import UserError
from restoration.data import image_decoding

SHEET = "side_by_side"  # the name of the sheet in the folder of restored pictures


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
    images = picture_files.find(request["images"], "restore.images")
    masks = picture_files.find(request["masks"], "restore.masks") if request["masks"] else {}
    _check_output(request)
    if SHEET in images:
        raise UserError(f"{images[SHEET]}: this name is the sheet's; rename it")
    if masks and fills_holes is False:
        raise UserError(f"restore.masks: the task '{request['task']}' hides nothing; leave them out")
    items = []
    for name, image in images.items():
        if masks and name not in masks:
            raise UserError(f"{image}: there is no mask of its name in {request['masks']}")
        found, transparent = image_decoding.header(image)
        if not request["fit"]:
            _check_size(image, found, size, "; resize it, or have it done: set restore.fit, as fit: crop")
        if masks:
            _check_size(masks[name], image_decoding.header(masks[name])[0], found)
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
