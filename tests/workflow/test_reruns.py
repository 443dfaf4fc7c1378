"""Only what a change touches runs again: each change, and the jobs that it causes."""

import os

import pytest

PACKAGE = "workflow/scripts/restoration"
INPAINTING = {"train": 8, "evaluate": 8, "figure_loss": 1, "figure_restorations": 1, "report": 1}

SETTINGS = [
    (
        "variants={vae_incomplete: {latent: 10}}",
        {"train": 2, "evaluate": 2, "figure_loss": 1, "figure_restorations": 1, "report": 1},
    ),
    ("tasks={inpainting: {corruption: {size: 5}}}", {"corrupt": 1, "baselines": 1, **INPAINTING}),
    ("tasks={inpainting: {training: {epochs: 2}}}", INPAINTING),
    ("tasks={inpainting: {inference: {best_prior: {samples: 9}}}}", {**INPAINTING, "train": 0, "figure_loss": 0}),
    ("tasks={denoising: false}", {"report": 1}),
    ("losses=[bce]", {"figure_latent": 1, "figure_loss": 3, "figure_restorations": 3, "report": 1}),
    ("tracking={uri: 'http://127.0.0.1:9'}", {}),
    ("dataset={source: elsewhere}", {}),
]


@pytest.mark.parametrize(("setting", "expected"), SETTINGS, ids=[setting for setting, _ in SETTINGS])
def test_a_changed_setting(graph, setting, expected):
    assert graph.pending("--config", setting) == {rule: count for rule, count in expected.items() if count}


FILES = [
    ("workflow/scripts/figure_loss.py", "linewidth=1.6", "linewidth=1.7", {"figure_loss": 3, "report": 1}),
    ("workflow/scripts/figure_loss.py", "WINDOW = 100  #", "WINDOW = 100  # a comment:", {}),
    (f"{PACKAGE}/training.py", '"""Train one model', '"""Train a model', {}),
    (f"{PACKAGE}/tracking.py", "BATCH = 1000", "BATCH = 999", {}),
    (f"{PACKAGE}/progress.py", "interval: float = 5", "interval: float = 6", {}),
    (
        f"{PACKAGE}/metrics.py",
        "PEAK_SIGNAL_CAP = 100.0",
        "PEAK_SIGNAL_CAP = 99.0",
        {"evaluate": 14, "baselines": 3, "figure_latent": 1, "figure_restorations": 3, "report": 1},
    ),
    (
        f"{PACKAGE}/losses/mse.py",
        ".square()",
        ".abs().square()",
        {"train": 7, "evaluate": 7, "figure_latent": 1, "figure_loss": 3, "figure_restorations": 3, "report": 1},
    ),
    (
        f"{PACKAGE}/networks/autoencoder.py",
        "variational = False",
        "variational = bool(0)",
        {"train": 2, "evaluate": 2, "figure_loss": 1, "figure_restorations": 1, "report": 1},
    ),
    ("workflow/report/report.html.j2", "At a glance", "In short", {"report": 1}),
]


@pytest.mark.parametrize(("name", "old", "new", "expected"), FILES, ids=[f"{name}: {new}" for name, _, new, _ in FILES])
def test_a_changed_file(graph, name, old, new, expected):
    with graph.edited(name, old, new):
        assert graph.pending() == expected


def test_new_file_times_rerun_nothing(graph):
    for path in (graph.folder / "workflow").rglob("*.*"):
        os.utime(path)
    assert graph.pending() == {}


def test_a_redrawn_figure_runs_nothing_else(graph):
    with graph.edited("workflow/scripts/figure_loss.py", "linewidth=1.6", "linewidth=1.7"):
        run = graph.snakemake()
        assert run.returncode == 0, run.stdout
        assert graph.pending() == {}
    run = graph.snakemake()
    assert run.returncode == 0, run.stdout
