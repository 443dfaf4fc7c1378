"""What the report page says: the source's figures under their numbers, a table a task, and where all comes from."""

import base64
import re
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from restoration.figures import DPI
from restoration.summary import MEASURES, OBJECTIVE

# The source's captions. Tasks that a user adds have figures without a number.
SOURCE = {
    ("representation", "latent"): (
        "Figure 2",
        "Representation of the {dataset} images, the test results overlapping the clusters of the training set",
    ),
    ("denoising", "originals"): ("Figure 3", "Original images"),
    ("denoising", "corrupted"): ("Figure 4", "Noisy images ({corruption})"),
    ("denoising", "reconstructed"): ("Figure 5", "Reconstructed images"),
    ("inpainting", "grid"): ("Figure 6", "Neural inpainting: original, corrupted and reconstructed images"),
    ("inpainting", "loss"): ("Figure 7", "Training loss against the number of iterations"),
}
OTHERWISE = {
    "latent": "The latent space, the test set over the clusters of the training set",
    "grid": "Original, corrupted and reconstructed images",
    "loss": "Training loss against the number of iterations",
}
HEADINGS = {"mse": "MSE", "psnr": "PSNR, dB", "ssim": "SSIM"}
REGIONS = [
    ("raw", "hole", "Inside the hole"),
    ("pasted", "whole", "Whole image, visible pixels put back"),
    ("raw", "whole", "Whole image, raw output"),
]
GIVEN_LABEL = "†"
PIXELS_PER_INCH = 118


def data_uri(path: str | Path) -> str:
    """A figure's file as an address that needs no file."""
    path = Path(path)
    kind = {"png": "image/png", "svg": "image/svg+xml"}[path.suffix[1:]]
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def width(path: str | Path) -> int:
    """The width in CSS pixels at which a figure's text has the size of the page's; a wider page is filled."""
    path = Path(path)
    if path.suffix == ".svg":
        points = re.findall(r'width="([0-9.]+)pt"', path.read_text(encoding="utf-8")[:2000])
        inches = float(points[0]) / 72
    else:
        inches = struct.unpack(">I", path.read_bytes()[16:20])[0] / DPI
    return round(inches * PIXELS_PER_INCH)


def describe(corruption: Mapping[str, Any]) -> str:
    """'gaussian noise, sigma = 0.1'"""
    if corruption["name"] == "none":
        return "nothing corrupted"
    parameters = [f"{key} = {value}" for key, value in corruption.items() if key != "name"]
    return ", ".join([corruption["name"].replace("_", " "), *parameters])


def number(mean: float, measure: str, std: float = float("nan")) -> str:
    """A figure at the digits that it deserves, and its standard deviation over seeds where there is one."""
    digits = {"mse": 4, "psnr": 2, "ssim": 3}.get(measure, 2)
    if pd.isna(mean):
        return ""
    return f"{mean:.{digits}f}" + ("" if pd.isna(std) else f" ± {std:.{digits}f}")


def task_table(seeds: pd.DataFrame, task: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """One task's models and baselines, best first by MSE: inside the hole where there is one (`in_hole`).

    seeds: as `summary.over_seeds`. Returns groups (heading, columns), rows (name, mark, loss, method, cells, baseline)
    and in_hole.
    """
    here = seeds.loc[task]
    sorted_here = here.sort_index()
    present = set(zip(here.index.get_level_values("output"), here.index.get_level_values("region"), strict=True))
    regions = [region for region in REGIONS if region[:2] in present]
    primary = regions[0]
    ranked = here.xs(primary[:2], level=("output", "region")).sort_values(("mse", "mean"), kind="stable")
    rows = []
    for variant, loss, method in ranked.index:
        if not variant and ranked.loc[(variant, loss, method), ("mse", "mean")] == 0:
            continue  # nothing was corrupted; to leave an image as it is restores it perfectly and says nothing
        figures = sorted_here.loc[(variant, loss, method)]
        cells = [
            number(figures.loc[region[:2], (measure, "mean")], measure, figures.loc[region[:2], (measure, "std")])
            for region in regions
            for measure in MEASURES
        ]
        one = figures.iloc[0]
        cells += [number(one[f"test_{name}", "mean"], name, one[f"test_{name}", "std"]) for name in OBJECTIVE]
        given = settings["variants"].get(variant, {}).get("condition") == "label" and method != "inferred_label"
        rows.append(
            {
                "name": variant or method.replace("_", " "),
                "mark": GIVEN_LABEL if given else "",
                "loss": loss.upper(),
                "method": method.replace("_", " ") if variant else "",
                "cells": cells,
                "baseline": not variant,
            }
        )
    groups = [(region[2] if len(regions) > 1 else "Whole image", [HEADINGS[m] for m in MEASURES]) for region in regions]
    groups.append(("Test objective", ["total", "reconstruction", "KL, nats"]))
    return {"groups": groups, "rows": rows, "in_hole": primary[1] == "hole"}


def finding(table: dict[str, Any]) -> str:
    """One sentence: the best model of a task against doing nothing, where there is something to do."""
    best = next(row for row in table["rows"] if not row["baseline"])
    place = "inside the hole" if table["in_hole"] else "over the whole image"
    label = ", given the true label" if best["mark"] else ""
    sentence = (
        f"Lowest mean squared error {place}: {best['name']} trained with {best['loss']}, "
        f"by “{best['method']}”{label}: {best['cells'][0]}."
    )
    nothing = next((row for row in table["rows"] if row["name"] == "identity"), None)
    if nothing is None:
        return sentence
    better = table["rows"].index(nothing) < table["rows"].index(best)
    return f"{sentence} Leaving the image as it is: {nothing['cells'][0]}{', which is better' if better else ''}."


def loss_finding(table: pd.DataFrame, task: str) -> str:
    """The range in which the last epoch's mean training loss lies, for each loss. `table`: loss, train objective."""
    here = table[table["task"] == task]
    spans = [
        f"{loss.upper()} models end at {group.min():.3g}" + (f" to {group.max():.3g}" if group.nunique() > 1 else "")
        for loss, group in here.groupby("loss", sort=False)["train_objective"]
    ]
    return f"{'; '.join(spans)} per image, on average over the last epoch. The two losses are on different scales."


def figures(tasks: Mapping[str, Any], files: Mapping[tuple[str, str], str], dataset: str) -> dict[str, list[dict]]:
    """Task to its figures in the report's order: number, caption, key, source file and embedded image."""
    shown: dict[str, list[dict]] = {}
    for task, settings in tasks.items():
        wanted = [key for (of, key) in SOURCE if of == task]
        wanted += [
            key
            for key in OTHERWISE
            if (task, key) in files and key not in wanted and not (key == "grid" and "reconstructed" in wanted)
        ]
        shown[task] = []
        for key in wanted:
            if (task, key) not in files:
                continue
            label, caption = SOURCE.get((task, key), ("", OTHERWISE.get(key, key)))
            caption = caption.format(dataset=dataset, corruption=describe(settings["corruption"]))
            path = files[task, key]
            shown[task].append(
                {
                    "key": key,
                    "number": label,
                    "caption": caption,
                    "file": path,
                    "image": data_uri(path),
                    "width": width(path),
                }
            )
    return shown
