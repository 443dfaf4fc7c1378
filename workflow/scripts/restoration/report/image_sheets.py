"""Sheets of test images: originals, corrupted images with the hole outlined, and restorations, in labelled rows."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from restoration.core import artifacts
from restoration.data import holes
from restoration.data.dataset_files import Images, read_corrupted, read_dataset
from restoration.report import figure_style

GAP = 14  # the shorter side of an image, divided by the gap between images
CELL = 0.55  # inches, the greatest width of an image
COLUMNS = 50  # of images in a sheet for the page: no browser shows a picture of more than 32,767 pixels a side
SHEET = 9.4  # inches, the greatest width of a sheet with its labels


def read_images(dataset: str | Path, corrupted: str | Path) -> Images:
    """Read the test images, complete and corrupted. Raises DamagedFile."""
    split = read_dataset(dataset, "test")[0]["test"]
    return Images(split.images, *read_corrupted(corrupted, split.images), split.labels)


def to_rgb(images: np.ndarray) -> np.ndarray:
    """Convert (N, C, H, W), uint8 or float in [0, 1], C 1 or 3, to float32 (N, H, W, 3)."""
    images = images / 255 if images.dtype == np.uint8 else images
    return np.broadcast_to(images.transpose(0, 2, 3, 1), (len(images), *images.shape[2:], 3)).astype(np.float32)


def outlined(images: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Outline the hole, mask (N, 1, H, W), in RGB images (N, H, W, 3): one pixel wide, inside the hole."""
    hidden = np.pad(mask[:, 0], ((0, 0), (1, 1), (1, 1)))
    core = hidden[:, :-2, 1:-1] & hidden[:, 2:, 1:-1] & hidden[:, 1:-1, :-2] & hidden[:, 1:-1, 2:]
    edge = mask[:, 0] & ~core
    return np.where(edge[..., None], figure_style.HOLE.astype(np.float32), images)


def top_rows(test: Images, shown: np.ndarray) -> dict[str, np.ndarray]:
    """Return the RGB rows at the top of a sheet: the test images `shown`, and as corrupted if anything is."""
    rows = {"original": to_rgb(test.complete[shown])}
    if test.mask.any():
        corrupted = to_rgb(test.corrupted[shown])
        rows["corrupted"] = outlined(corrupted, test.mask[shown]) if holes.has_hole(test.mask) else corrupted
    return rows


def pasted(test: Images, shown: np.ndarray, restored: np.ndarray) -> np.ndarray:
    """Return restorations of the test images `shown` as RGB; outside a hole with the visible pixels put back."""
    if not holes.has_hole(test.mask):
        return to_rgb(restored)
    return np.where(test.mask[shown][:, 0, ..., None], to_rgb(restored), to_rgb(test.corrupted[shown]))


def sheet(rows: Sequence[np.ndarray], gap: int) -> np.ndarray:
    """Join rows of RGB images (N, H, W, 3) on white, `gap` pixels apart, to one image (height, width, 3)."""
    padded = [np.pad(row, ((0, 0), (0, gap), (0, gap), (0, 0)), constant_values=1.0) for row in rows]
    whole = np.concatenate([np.concatenate(list(row), axis=1) for row in padded], axis=0)
    return whole[:-gap, :-gap]


def draw(
    blocks: Sequence[tuple[str, Sequence[np.ndarray]]],
    labels: Sequence[str],
    outputs: tuple[str | Path, str | Path],
    below: Sequence[Sequence[str]] = (),
) -> None:
    """Draw sheets side by side as PNG and SVG.

    blocks: for each sheet a heading and rows of RGB images (N, H, W, 3); labels: the names of the rows, the same for
    all sheets; below: for each sheet the texts below its columns.
    """
    count = sum(len(rows[0]) for _, rows in blocks)
    names = 0.07 * max(map(len, labels))  # inches
    height, width = blocks[0][1][0].shape[1:3]
    gap = max(1, round(min(height, width) / GAP))
    cell = min(CELL, (SHEET - names) / count)
    row = cell * (height + gap) / (width + gap)
    lines = max((text.count("\n") + 1 for texts in below for text in texts), default=0)
    figure, axes = figure_style.panels(
        len(blocks),
        row * len(labels) + 0.3 + 0.05 * bool(lines) + 0.15 * lines,
        names + cell * count + 0.2 * len(blocks),
    )
    for number, (axis, (heading, rows)) in enumerate(zip(axes[0], blocks, strict=True)):
        axis.imshow(sheet(rows, gap), interpolation="nearest")
        axis.set_yticks([height / 2 + at * (height + gap) for at in range(len(rows))], labels)
        texts = below[number] if below else []
        axis.set_xticks([width / 2 + at * (width + gap) for at in range(len(texts))], texts, fontsize=6.5)
        axis.tick_params(length=0, pad=2)
        axis.set_title(heading, fontsize="medium")
        axis.spines[:].set_visible(False)
    for axis in axes[0, 1:]:
        axis.set_yticklabels([])
    figure_style.save(figure, *outputs)


def in_rows(images: np.ndarray) -> list[np.ndarray]:
    """Split images (N, H, W, 3) into rows of COLUMNS; black images fill the last row."""
    black = np.zeros((-len(images) % COLUMNS, *images.shape[1:]), images.dtype)
    filled = np.concatenate([images, black])
    return [filled[start : start + COLUMNS] for start in range(0, len(filled), COLUMNS)]


def write(path: str | Path, rows: Sequence[np.ndarray], side: int) -> dict[str, int]:
    """Write rows of images, RGB (N, H, W, 3) in [0, 1], as one PNG without gaps; return width and height of an image.

    Images with a side above `side` pixels are shrunk.
    """
    from PIL import Image

    height, width = rows[0].shape[1:3]
    scale = min(1.0, side / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    lines = []
    for row in rows:
        images = [Image.fromarray((image * 255).round().astype(np.uint8)) for image in row]
        lines.append(np.concatenate([np.asarray(image.resize(size, Image.Resampling.BOX)) for image in images], axis=1))
    sheet = np.concatenate(lines)
    grey = bool((sheet[..., :1] == sheet).all())
    with artifacts.replacing(path) as part:
        Image.fromarray(sheet[..., 0] if grey else sheet).save(part, optimize=True)
    return {"width": size[0], "height": size[1]}
