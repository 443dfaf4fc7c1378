"""The README's section on what was found: read from a results folder as a run leaves it."""

import findings
import marked
import numpy as np
import pandas as pd
import pytest
import yaml

from restoration.comparison import champion_choice
from restoration.comparison.champion_choice import FIGURE, Champion
from restoration.comparison.interval_table import KEYS
from restoration.core import artifacts
from restoration.core.errors import DamagedFile, UserError
from restoration.report import ro_crate

REPLICATES = 200
VARIANT = {"condition": "none", "losses": ["bce"], "seeds": [0, 1]}
TASKS = {
    "shown": {"corruption": {"name": "none"}, "variants": {"vae": VARIANT}},
    "denoising_03": {"corruption": {"name": "gaussian_noise", "sigma": 0.3}, "variants": {"unet": VARIANT}},
    "inpainting": {"corruption": {"name": "stroke_hole", "size": 6}, "variants": {"vae": VARIANT, "unet": VARIANT}},
}
# (variant, loss, method) to a mean squared error and a PSNR in dB; the lowest error is not that of the highest PSNR.
WAYS = {
    ("vae", "bce", "map_latent"): (0.02, 20.0),
    ("vae", "bce", "encode"): (0.03, 23.0),
    ("unet", "bce", "encode"): (0.05, 18.0),
    ("", "", "identity"): (0.3, 11.0),
    ("", "", "mean_image"): (0.1, 15.0),
    ("", "", "median"): (0.04, 16.5),
}


def write_task(folder, name, hole, single=()):
    """Write the files of `compare` and `champion`. single: the WAYS with one seed."""
    places = [("raw", "whole"), ("pasted", "hole")] if hole else [("raw", "whole")]
    rows = []
    for way, figures in WAYS.items():
        seeds = 0 if not way[0] else 1 if way in single else 2
        for place in places:
            for measure, mean in zip(("mse", "psnr"), figures, strict=True):
                # Over the whole image all errors are alike where there is a hole, which decides.
                mean = 0.01 if hole and place[1] == "whole" and measure == "mse" else mean
                rows.append((*way, *place, measure, mean, 0.9 * mean, 1.1 * mean, seeds, 1234))
    table = pd.DataFrame(rows, columns=[*KEYS, "mean", "low", "high", "seeds", "images"])
    spread = np.random.default_rng(0).normal(0, 0.01, (len(table), REPLICATES))
    (folder / "compare" / name).mkdir(parents=True)
    artifacts.write_parquet(folder / "compare" / name / "intervals.parquet", table)
    means = table[["mean"]].to_numpy()
    artifacts.write_npz(folder / "compare" / name / "replicates.npz", replicates=means * (1 + spread))
    best = table[(table["output"] == places[-1][0]) & (table["measure"] == "mse")].iloc[0]
    of = {"dataset": "mnist", "task": name, "variant": "vae", "loss": "bce", "seed": 0, "network": "vae"}
    of |= {"model": "model.pt", "sha256": "0", "identity": "0", "run": "a", "method": "map_latent", "parameters": {}}
    figure = {key: best[key] if isinstance(best[key], str) else best[key].item() for key in FIGURE}
    champion_choice.write(folder / "champion" / f"{name}.json", Champion(**of, figure=figure))


def claim(name, *tests):
    """Return a claim as `claims.judge` does; tests: the verdict of each and its figures, of which the first decides."""

    def detail(figure, verdict):
        ends = {"low": figure - 1, "high": figure + 1}
        return {"name": f"{figure} against ae", "figure": figure, **ends, "seeds": 1, "verdict": verdict}

    of = {"kind": "better", "parameters": {}, "seeds": 2, "evidence": {"tasks": [], "files": []}}
    of |= {"unit": "MSE", "threshold": 0.0, "finding": "Not tested: why."}
    return {
        "id": name,
        "sentence": f"The claim {name}.",
        "source": "a guess",
        "reading": "as | it says" if name == "a" else "",
        "verdict": tests[-1][0],
        "figure": tests[-1][1] if tests[-1][1:] else None,
        "tests": [
            {**of, "verdict": verdict, "details": [detail(figure, verdict) for figure in figures]}
            for verdict, *figures in tests
        ],
    }


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Write the results of a run on MNIST, as far as the section reads them."""
    folder = tmp_path / "results" / "mnist"
    for name in TASKS:
        write_task(folder, name, hole=name == "inpainting", single=[("vae", "bce", "map_latent")] * (name[0] == "d"))
    of_model = {"variant": "vae", "loss": "bce", "seed": 0, "method": "encode", "output": "raw", "region": "whole"}
    of_model |= {"parameters": 9, "prior_draw_visible": 400.0, "prior_draw_hidden": 50.0, "mse": 0.1}
    (folder / "report").mkdir()
    pd.DataFrame([{"task": task, **of_model} for task in TASKS]).to_csv(folder / "report" / "models.csv", index=False)
    claims = [claim("a", ("supported", 2), ("not supported", -1.5, 3)), claim("b", ("not tested",))]
    artifacts.write_json(folder / "claims" / "claims.json", {"claims": claims})
    (folder / "workflow").mkdir()
    (folder / "workflow" / "Snakefile").write_text("")
    settings = {"dataset": {"name": "mnist"}, "seeds": [0, 1], "tasks": TASKS}
    (folder / "workflow" / "configuration.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    monkeypatch.setenv(ro_crate.COMMAND, "snakemake --cores 4")
    record(folder, [])
    return folder


def record(folder, changed):
    """Write the record of a run. changed: files that differ from the commit."""
    code = {"commit": "0123456789abcdef", "changed": changed}
    ro_crate.write(folder, "workflow/Snakefile", {}, [], code, {}, ("MIT", []))


def rows(lines, first):
    """Return the cells of the table whose head begins with this word, without the head."""
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {first}"))
    end = next((number for number in range(start, len(lines)) if not lines[number]), len(lines))
    return [line.strip("| ").split(" | ") for line in lines[start + 2 : end]]


def test_a_task_is_told_in_its_own_unit_beside_the_best_baseline_and_doing_nothing(folder):
    noise, hole = rows(findings.run_lines(folder), "Task")
    assert noise[:3] == [
        "Denoising 03: gaussian noise, sigma = 0.3. PSNR, dB",
        "vae, BCE, map latent: 20.00 [18.00, 22.00], 1 seed",
        "median: 16.50 [14.85, 18.15]",
    ]
    assert noise[3].startswith("+3.50 [+2.9")
    assert noise[4] == "11.00 [9.90, 12.10]"
    assert hole[:3] == [
        "Inpainting: stroke hole, size = 6. MSE inside the hole",
        "vae, BCE, map latent: 0.0200 [0.0180, 0.0220]",
        "median: 0.0400 [0.0360, 0.0440]",
    ]
    assert hole[3].startswith("+0.0200 [+0.01")
    assert hole[4] == "0.3000 [0.2700, 0.3300]"


def test_the_sources_own_figures_are_told_beside_ours(folder):
    (told,) = [line for line in findings.run_lines(folder) if line.startswith("The source's own table")]
    assert told.startswith("The source's own table (inpainting). Published: ")
    assert told.endswith("The figures of this run are 1.03 to 1.03 times those.")  # 400 by 389.39


def test_the_gain_is_the_paired_interval_and_below_0_where_the_baseline_is_better(folder):
    path = folder / "compare" / "inpainting"
    table = pd.read_parquet(path / "intervals.parquet")
    table.loc[(table["method"] == "median") & (table["measure"] == "mse"), "mean"] = 0.01
    artifacts.write_parquet(path / "intervals.parquet", table)
    # Resampled together, so that the difference hardly varies although both do.
    noise = np.random.default_rng(0).normal(0, 0.005, REPLICATES)
    artifacts.write_npz(path / "replicates.npz", replicates=table[["mean"]].to_numpy() + noise)
    assert rows(findings.run_lines(folder), "Task")[1][3] == "-0.0100 [-0.0100, -0.0100]".replace("-", "\N{MINUS SIGN}")


def test_a_task_without_a_candidate_says_so(folder):
    champion_choice.write(folder / "champion" / "inpainting.json", None)
    assert rows(findings.run_lines(folder), "Task")[1][1] == "none, for each model is given the true label"


def test_a_claim_has_the_figure_of_the_comparison_that_decided(folder):
    lines = findings.run_lines(folder)
    assert any(
        line.startswith("The source's claims, each as it is read: 1 not supported, 1 not tested. ") for line in lines
    )
    told = "-1.5 [-2.5, -0.5] (MSE, asked for above 0): ".replace("-", "\N{MINUS SIGN}")
    assert rows(lines, "Verdict") == [
        ["✗ not supported", "The claim a. Read as: as \\| it says.", f"{told}-1.5 against ae, 1 seed"],
        ["○ not tested", "The claim b.", "Not tested: why."],
    ]


def test_a_run_without_claims_has_no_table_of_them(folder):
    (folder / "claims" / "claims.json").unlink()
    assert "Verdict" not in "".join(findings.run_lines(folder))


def test_it_says_how_it_was_made(folder):
    lines = findings.run_lines(folder)
    assert lines[0].startswith("On mnist, 1,234 test images: means over these and over 2 seeds")
    assert "what `snakemake --cores 4` left in `results/mnist` (commit 0123456789): 8 trained models" in lines[-1]
    record(folder, ["workflow/Snakefile"])
    assert "(commit 0123456789 with changes): " in findings.run_lines(folder)[-1]


def test_the_readme_gets_it_between_its_marks_and_the_same_again(folder, tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{findings.BEGIN}\nnothing yet\n{findings.END}\nafter\n")
    findings.write([folder], readme)
    text = readme.read_text()
    assert text.startswith(f"before\n{findings.BEGIN}\nOn mnist")
    assert text.endswith(f"over it.\n{findings.END}\nafter\n")
    findings.write([folder], readme)
    assert readme.read_text() == text
    findings.write([folder, folder], readme)
    assert readme.read_text().count("### mnist\n\nOn mnist") == 2


def test_the_readme_has_its_marks():
    marked.placed(findings.README.read_text(encoding="utf-8"), findings.BEGIN, findings.END, [])


def test_what_is_no_finished_run_is_told_and_changes_nothing(folder, tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(text := f"{findings.BEGIN}\n{findings.END}\n")
    (folder / "compare" / "inpainting" / "replicates.npz").write_bytes(b"")
    with pytest.raises(DamagedFile, match=r"replicates\.npz"):
        findings.write([folder], readme)
    (folder / findings.RECORD).unlink()
    with pytest.raises(UserError, match=r"mnist.*ro-crate-metadata\.json"):
        findings.write([folder], readme)
    assert readme.read_text() == text
