"""Write restored copies of a folder of damaged pictures, by a task's champion, and a sheet of both side by side."""

from pathlib import Path
from typing import Any

import numpy as np

from restoration.champion import picture_files, restorer
from restoration.comparison import champion_choice
from restoration.core import script
from restoration.core.errors import UserError
from restoration.data.holes import hides
from restoration.data.image_decoding import decode_with_opacity

SHOWN = 200  # pairs on the sheet, at most


def read(item: picture_files.Item, used: restorer.Restorer, fit: str | None) -> tuple[np.ndarray, np.ndarray]:
    """Read a picture (C, H, W), brought to the model's size by `fit`, and what is hidden of it, bool (1, H, W)."""
    image, hidden = decode_with_opacity(item.image, used.shape[0])
    if item.mask:
        hidden = hidden | picture_files.read_mask(item.mask)
    if fit:
        image, hidden = picture_files.fitted(image, hidden, used.shape[1:], fit)
    if used.takes_mask and hides(hidden) == "all":
        raise UserError(f"{item.image}: all of it is hidden; nothing is left to restore it from")
    if not used.takes_mask and hides(hidden) != "none":
        raise UserError(f"{item.image}: has transparent pixels; this task restores whole pictures, so make it opaque")
    return image, hidden


def main(request: dict[str, Any], champion: str) -> int:
    """Restore the folder, reading all pictures before writing the first. Return their number."""
    named = champion_choice.read(champion)
    used = restorer.load(champion, named.model if named else "")
    items = picture_files.plan(request, used.takes_mask, used.shape[1:])
    images, hidden = zip(*(read(item, used, request["fit"]) for item in items), strict=True)
    output = Path(request["output"])
    restored = []
    for item, image, mask in zip(items, images, hidden, strict=True):
        restored.append(used.restore(image[None], mask[None] if used.takes_mask else None)[0])
        picture_files.write(output / f"{item.name}.png", restored[-1])
    sheet = picture_files.pairs(images[:SHOWN], hidden[:SHOWN], restored[:SHOWN])
    picture_files.write(output / f"{picture_files.SHEET}.png", sheet)
    return len(items)


if __name__ == "__main__":
    with script.running(snakemake) as logger:
        request = script.settings(snakemake)["restore"]
        count = main(request, snakemake.input.champion[0])
        logger.info("%d pictures restored to %s", count, request["output"])
        print(f"{count} pictures restored to {request['output']}, and {picture_files.SHEET}.png beside them")
