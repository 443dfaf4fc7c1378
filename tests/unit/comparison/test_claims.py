"""Each kind of test of a claim, on results that support it, that speak against it, and that leave it open."""

import claims as script
import numpy as np
import pandas as pd
import pytest
from helpers import CONFIG

from restoration.comparison import bootstrap, claims_file, interval_table
from restoration.comparison.claim_inputs import Source
from restoration.comparison.claims import (
    NOT_SUPPORTED,
    NOT_TESTED,
    SUPPORTED,
    UNDECIDED,
    VERDICTS,
    Margin,
    decide,
    overall,
)
from restoration.config import part_checks
from restoration.core import artifacts, registry

MODELS = [("cvae", "mse"), ("cvae", "bce"), ("vae", "mse"), ("vae", "bce")]


@pytest.fixture
def files(tmp_path):
    """The results' files, to be filled by what follows: Source to path."""
    return {}


def put(files, tmp_path, need, task, variant="", loss="", seed=-1):
    """The path of a file of the results."""
    suffix = {"summary": "json", "metrics": "json", "latents": "npz", "replicates": "npz"}.get(need, "parquet")
    path = tmp_path / task / variant / loss / f"{need}{seed}.{suffix}"
    files[Source(need, task, variant, loss, seed)] = str(path)
    return path


def examined(kind, files, **parameters):
    """The outcome of one test, through the script; its sentence has its figures in it."""
    complete = part_checks.check("claims", kind, parameters, "here")
    outcome = script.examine({"kind": kind, "parameters": complete}, files)
    assert outcome["verdict"] in VERDICTS
    assert len(outcome["finding"].splitlines()) == 1
    assert outcome["finding"].endswith(".")
    assert outcome["finding"].endswith("; of one seed alone.") == (outcome["seeds"] == 1)
    assert set(outcome["evidence"]["files"]) <= set(files.values())
    if outcome["low"] is not None:
        assert outcome["low"] <= outcome["figure"] <= outcome["high"]
        assert f"{abs(outcome['figure']):#.3g}".rstrip(".") in outcome["finding"]
    return outcome


# ------------------------------------------------------------------------------------------------------------ DECIDE


def margin(value, spread=0.1, seeds=3):
    return Margin("one", value, value + spread * np.random.default_rng(0).normal(size=4000), seeds)


@pytest.mark.parametrize(
    ("margins", "verdict", "decisive"),
    [
        ([margin(1.0)], SUPPORTED, 0),
        ([margin(-1.0)], NOT_SUPPORTED, 0),
        ([margin(0.1)], UNDECIDED, 0),
        ([margin(-0.1)], UNDECIDED, 0),
        ([margin(1.0), margin(0.5)], SUPPORTED, 1),
        ([margin(1.0), margin(0.1), margin(2.0)], UNDECIDED, 1),
        ([margin(0.1), margin(-1.0)], NOT_SUPPORTED, 1),
        ([margin(-0.22)], NOT_SUPPORTED, 0),
        ([margin(-0.22), *[margin(1.0)] * 20], UNDECIDED, 0),  # one of many may well lie so far below by chance
        ([Margin("one", 1.0, None, 1)], UNDECIDED, 0),
    ],
)
def test_what_several_comparisons_say(margins, verdict, decisive):
    number, bounds = decide(margins)
    assert (bounds[number].verdict, number) == (verdict, decisive)


def rejected(seeds, claimed, others, trials=400):
    """How often a claim is called not supported all of whose margins are 0 in truth, and differ by their seeds alone.

    claimed, others: models, each of these compared with each of those; without others, each with what is asked for.
    """
    rng = np.random.default_rng(0)
    weights = np.ones((bootstrap.REPLICATES, 1))
    means, resampled = [], []
    for _ in range(claimed + others):
        values = rng.normal(size=(seeds, 1, trials))
        means.append(values.mean(axis=(0, 1)))
        resampled.append(bootstrap.replicates(values, weights, rng).T)
    pairs = [(one, claimed + other) for one in range(claimed) for other in range(others)]
    rejections = 0
    for trial in range(trials):
        figures, replicates = [mean[trial] for mean in means], [each[trial] for each in resampled]
        margins = [
            Margin("", figures[other] - figures[one], replicates[other] - replicates[one], seeds)
            for one, other in pairs
        ] or [Margin("", *both, seeds) for both in zip(figures, replicates, strict=True)]
        number, bounds = decide(margins)
        rejections += bounds[number].verdict == NOT_SUPPORTED
    return rejections / trials


@pytest.mark.parametrize("seeds", [3, pytest.param(5, marks=pytest.mark.long)])
@pytest.mark.parametrize(("claimed", "others"), [(1, 0), (12, 0), (1, 1), (2, 6)])
def test_few_seeds_seldom_reject_what_holds(seeds, claimed, others):
    """In 2.5 % of cases at most, but for the bootstrap's own error; by normal quantiles 12 models in 10 to 15 %."""
    assert rejected(seeds, claimed, others) < 0.05


@pytest.mark.parametrize(
    ("verdicts", "verdict"),
    [
        ([SUPPORTED, SUPPORTED], SUPPORTED),
        ([SUPPORTED, NOT_TESTED], NOT_TESTED),
        ([NOT_TESTED, UNDECIDED, SUPPORTED], UNDECIDED),
        ([UNDECIDED, NOT_SUPPORTED, NOT_TESTED], NOT_SUPPORTED),
    ],
)
def test_what_several_tests_say(verdicts, verdict):
    assert overall(verdicts) == overall(verdicts[::-1]) == verdict


# ------------------------------------------------------------------------------------------------------------ BETTER


@pytest.fixture
def compared(files, tmp_path):
    """Write the comparison of a task `holes`: each model's mean error, or two by method; and baselines'."""

    def write(errors, baselines=None, seed_spread=0.002):
        rng = np.random.default_rng(0)
        hard = rng.uniform(0, 0.1, 80)
        entries = []
        for variant, loss in [*errors, ("", "")]:
            methods = errors[variant, loss] if variant else baselines or {"identity": 0.5}
            methods = methods if isinstance(methods, dict) else {"encode": methods}
            paths = []
            for seed in range(3 if variant else 1):
                shift = seed_spread * (seed - 1) if variant else 0
                frames = [
                    pd.DataFrame({"image": range(80), "mse": hard + error + shift + rng.normal(0, 1e-3, 80)}).assign(
                        method=method, output=output, region=region
                    )
                    for method, error in methods.items()
                    for output, region in [("raw", "whole"), ("raw", "hole")]
                ]
                paths.append(tmp_path / f"{variant}{loss}{seed}.parquet")
                artifacts.write_parquet(paths[-1], pd.concat(frames, ignore_index=True))
            entries.append(interval_table.Entry(variant, loss, paths))
        table, replicates = interval_table.intervals(entries)
        artifacts.write_parquet(put(files, tmp_path, "intervals", "holes"), table)
        artifacts.write_npz(put(files, tmp_path, "replicates", "holes"), replicates=replicates)

    return write


CLEAR = dict(zip(MODELS, (0.10, 0.20, 0.30, 0.40), strict=True))


@pytest.mark.parametrize(
    ("better", "than", "verdict", "figure"),
    [
        (["cvae/mse"], ["*"], SUPPORTED, 0.1),
        (["cvae/mse", "cvae/bce"], ["*"], SUPPORTED, 0.1),
        (["cvae/mse", "vae/mse"], ["*"], NOT_SUPPORTED, -0.1),
        (["vae/bce"], ["*"], NOT_SUPPORTED, -0.3),
        (["vae"], ["baseline:*"], SUPPORTED, 0.1),
        (["vae/bce/encode"], ["baseline:identity", "cvae/bce"], NOT_SUPPORTED, -0.2),
        (["cvae/mse"], ["vae/mse/best_prior"], NOT_TESTED, None),
        (["unet"], ["*"], NOT_TESTED, None),
        (["*"], ["*"], NOT_TESTED, None),
    ],
)
def test_better(better, than, verdict, figure, files, compared):
    compared(CLEAR)
    outcome = examined("better", files, task="holes", better=better, than=than, region="hole")
    assert outcome["verdict"] == verdict
    if figure is not None:
        assert outcome["figure"] == pytest.approx(figure, abs=0.01)
        assert (outcome["seeds"], outcome["images"], outcome["unit"]) == (3, 80, "MSE")
        assert outcome["evidence"]["tasks"] == ["holes"]


def test_better_is_undecided_where_seeds_differ_more(files, compared):
    compared({("cvae", "mse"): 0.100, ("vae", "mse"): 0.104}, seed_spread=0.02)
    outcome = examined("better", files, task="holes", better=["cvae"], than=["*"])
    assert outcome["verdict"] == UNDECIDED
    assert outcome["low"] < 0 < outcome["high"]


def test_better_under_each_loss(files, compared):
    compared({("cvae", "mse"): 0.3, ("vae", "mse"): 0.4, ("cvae", "bce"): 0.1, ("vae", "bce"): 0.2})
    given = {"task": "holes", "better": ["cvae"], "than": ["vae"]}
    assert examined("better", files, **given)["verdict"] == NOT_SUPPORTED
    same = examined("better", files, **given, same_loss=True)
    assert same["verdict"] == SUPPORTED
    assert [detail["name"] for detail in same["details"]] == [
        "cvae/mse (encode) against vae/mse (encode)",
        "cvae/bce (encode) against vae/bce (encode)",
    ]


def test_better_takes_each_model_by_the_inference_that_serves_it_best(files, compared):
    compared({("cvae", "mse"): {"encode": 0.3, "map": 0.1}, ("vae", "mse"): {"encode": 0.2, "map": 0.4}})
    assert examined("better", files, task="holes", better=["cvae"], than=["vae"])["verdict"] == SUPPORTED
    named = examined("better", files, task="holes", better=["cvae/*/encode"], than=["vae"])
    assert named["verdict"] == NOT_SUPPORTED
    each = examined("better", files, task="holes", better=["cvae/mse/*"], than=["vae"])
    assert len(each["details"]) == 2


def test_better_than_baselines_without_some(files, compared):
    compared({("ae", "mse"): 0.2}, baselines={"identity": 0.5, "median": 0.1, "mean_image": 0.3})
    given = {"task": "holes", "better": ["ae"], "than": ["baseline:*"]}
    assert examined("better", files, **given)["verdict"] == NOT_SUPPORTED
    assert examined("better", files, **given, without=["baseline:median"])["verdict"] == SUPPORTED
    others = ["baseline:identity", "baseline:median", "baseline:mean_image", "baseline:bm3d"]
    assert examined("better", files, **given, without=others)["verdict"] == NOT_TESTED


def test_a_measure_that_the_scores_lack_is_not_tested(files, compared):
    compared(CLEAR)
    outcome = examined("better", files, task="holes", better=["cvae"], than=["vae"], measure="ssim")
    assert (outcome["verdict"], outcome["figure"]) == (NOT_TESTED, None)
    assert outcome["finding"] == "Not tested: the scores of holes have no ssim, raw, whole."


# Values for the parameters that a kind of test must be given, by their types.
GIVEN = {
    "Task": "holes",
    "Rows": ["*"],
    "Measure": "mse",
    "Fraction": 0.9,
    "NonNegativeFloat": 1.0,
    "PositiveInt": 3,
    "OddInt": 3,
}
KINDS = registry.names("claims")


def given(kind):
    """The least that a test of this kind is told, of the task `holes`."""
    choices = registry.constant("claims", kind, "CHOICES") or {}
    return {
        key: choices.get(key, [GIVEN.get(annotation)])[0]
        for key, (annotation, default) in part_checks.parameters("claims", kind).items()
        if default is part_checks.REQUIRED or annotation == "Task"
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_task_that_is_switched_off_is_not_tested(kind, files):
    outcome = examined(kind, files, **given(kind))
    assert outcome["verdict"] == NOT_TESTED
    assert outcome["finding"] == "Not tested: the configuration has no task 'holes'."


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_reads_what_it_needs_and_no_more(kind, files, tmp_path, compared):
    compared(CLEAR)
    losses(files, tmp_path, dict(zip(MODELS, (10, 50, 20, 20.5), strict=True)))
    for name in MODELS:
        histories(files, tmp_path, lambda time: 100 - 50 * time, name=("holes", *name))
        clusters(files, tmp_path, 6, name=("holes", *name), seeds=3)
    outcome = examined(kind, files, **given(kind))
    needs = registry.constant("claims", kind, "NEEDS")
    read = {source.need for source, path in files.items() if path in outcome["evidence"]["files"]}
    assert read
    assert read <= {*needs, *(["replicates"] if "intervals" in needs else [])}


# ------------------------------------------------------------------------------------------------------------ LOWEST


def losses(files, tmp_path, values, seeds=3, spread=0.5, prior_draw=True):
    for (variant, loss), value in values.items():
        for seed in range(seeds):
            objective = value + spread * (seed - (seeds - 1) / 2)
            path = put(files, tmp_path, "summary", "holes", variant, loss, seed)
            artifacts.write_json(path, {"train": {"objective": objective}})
            path = put(files, tmp_path, "metrics", "holes", variant, loss, seed)
            draw = {"visible": 5 * objective} if prior_draw else None
            common = {"mse": objective, "bce": objective}
            artifacts.write_json(path, {"test": {"objective": objective}, "prior_draw": draw, "common": common})


@pytest.mark.parametrize("quantity", ["training", "test", "prior_draw", "squared_error", "cross_entropy"])
@pytest.mark.parametrize(
    ("models", "verdict"),
    [
        (["cvae/mse"], SUPPORTED),
        (["cvae"], NOT_SUPPORTED),
        (["cvae/mse", "vae/mse"], UNDECIDED),
        (["unet"], NOT_TESTED),
        (["*"], NOT_TESTED),
    ],
)
def test_lowest(models, verdict, quantity, files, tmp_path):
    losses(files, tmp_path, dict(zip(MODELS, (10, 50, 20, 20.5), strict=True)))
    outcome = examined("lowest", files, task="holes", models=models, quantity=quantity)
    assert outcome["verdict"] == verdict
    if verdict == SUPPORTED:
        assert outcome["figure"] == pytest.approx(50 if quantity == "prior_draw" else 10)
        assert outcome["seeds"] == 3


def test_lowest_among_some(files, tmp_path):
    losses(files, tmp_path, dict(zip(MODELS, (10, 50, 20, 1), strict=True)))
    given = {"task": "holes", "models": ["cvae/mse"]}
    assert examined("lowest", files, **given)["verdict"] == NOT_SUPPORTED
    outcome = examined("lowest", files, **given, than=["cvae", "vae/mse"])
    assert outcome["verdict"] == SUPPORTED
    assert [detail["name"] for detail in outcome["details"]] == [
        "cvae/mse against cvae/bce",
        "cvae/mse against vae/mse",
    ]


def test_one_seed_decides_no_loss(files, tmp_path):
    losses(files, tmp_path, dict(zip(MODELS, (10, 50, 20, 20.5), strict=True)), seeds=1)
    outcome = examined("lowest", files, task="holes", models=["cvae/mse"])
    assert (outcome["verdict"], outcome["low"], outcome["high"], outcome["seeds"]) == (UNDECIDED, None, None, 1)
    assert "no interval" in outcome["finding"]


def test_a_loss_that_was_not_measured_is_not_tested(files, tmp_path):
    losses(files, tmp_path, {("cvae", "mse"): 10, ("vae", "mse"): 20}, prior_draw=False)
    outcome = examined("lowest", files, task="holes", models=["cvae/mse"], quantity="prior_draw")
    assert outcome["finding"] == "Not tested: the results have no prior draw visible."


# -------------------------------------------------------------------------------------------------------- DECREASING


def histories(files, tmp_path, curve, seeds=3, iterations=500, noise=0.5, name=("holes", "vae", "mse")):
    rng = np.random.default_rng(0)
    time = np.linspace(0, 1, iterations)
    for seed in range(seeds):
        objective = curve(time) + noise * rng.normal(size=iterations)
        frame = pd.DataFrame({"iteration": np.arange(iterations) + 1, "objective": objective})
        artifacts.write_parquet(put(files, tmp_path, "history", *name, seed), frame)
        epochs = pd.DataFrame({"iteration": [100, 200, 300], "objective": [30.0, 20.0, 21.0 - 5 * (noise == 0)]})
        artifacts.write_parquet(put(files, tmp_path, "validation", *name, seed), epochs)


@pytest.mark.parametrize(
    ("curve", "verdict"),
    [
        (lambda time: 100 - 50 * time, SUPPORTED),
        (lambda time: 100 - 50 * np.minimum(time, 0.5), UNDECIDED),  # flat in its second half
        (lambda time: 100 - 50 * time + 120 * np.maximum(time - 0.8, 0), NOT_SUPPORTED),
    ],
)
def test_decreasing(curve, verdict, files, tmp_path):
    histories(files, tmp_path, curve)
    outcome = examined("decreasing", files, task="holes")
    assert outcome["verdict"] == verdict
    assert len(outcome["details"]) == 9
    assert f"{int(verdict == SUPPORTED)} of 1 models" in outcome["finding"] or verdict == UNDECIDED
    assert "falls at every epoch for 0 of them" in outcome["finding"]


def test_decreasing_holds_for_every_model(files, tmp_path):
    histories(files, tmp_path, lambda time: 100 - 50 * time, noise=0.0)
    histories(files, tmp_path, lambda time: 100 + 50 * time, name=("noise", "ae", "mse"))
    assert examined("decreasing", files, task="holes")["verdict"] == SUPPORTED
    outcome = examined("decreasing", files)
    assert outcome["verdict"] == NOT_SUPPORTED
    assert outcome["evidence"]["tasks"] == ["holes", "noise"]
    assert "1 of 2 models" in outcome["finding"]
    assert "noise ae/mse, part 1 to 2 of 10" in outcome["finding"]


def test_the_steps_are_those_of_the_parts_means(files, tmp_path):
    """What does not fill a part is left out at the start."""
    path = put(files, tmp_path, "history", "holes", "vae", "mse", 0)
    artifacts.write_parquet(path, pd.DataFrame({"objective": [1000.0, 8, 8, 4, 4, 3, 3]}))
    artifacts.write_parquet(
        put(files, tmp_path, "validation", "holes", "vae", "mse", 0), pd.DataFrame({"objective": [1.0]})
    )
    outcome = examined("decreasing", files, parts=3)
    assert [detail["figure"] for detail in outcome["details"]] == pytest.approx([50, 25])
    assert examined("decreasing", files, parts=3, models=["vae"])["verdict"] == outcome["verdict"]
    assert examined("decreasing", files, parts=3, models=["ae"])["verdict"] == NOT_TESTED
    assert examined("decreasing", files, parts=8)["verdict"] == NOT_TESTED
    assert examined("decreasing", files, parts=1)["verdict"] == NOT_TESTED


# --------------------------------------------------------------------------------------------------------- SEPARATES


def clusters(files, tmp_path, distance, name=("plane", "vae", "bce"), seeds=2, points=400):
    """Two classes whose centres are so many standard deviations apart."""
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        arrays = {}
        for split in ("train", "test"):
            labels = np.arange(points) % 2
            means = rng.normal(size=(points, 2)) + distance * labels[:, None] * [1, 0]
            arrays |= {split: means.astype(np.float32), f"{split}_labels": labels}
        artifacts.write_npz(put(files, tmp_path, "latents", *name, seed), **arrays)


@pytest.mark.parametrize(
    ("distance", "at_least", "verdict"),
    [(6, 0.9, SUPPORTED), (0.5, 0.9, NOT_SUPPORTED), (2.6, 0.9, UNDECIDED), (0.5, 0.2, SUPPORTED)],
)
def test_separates(distance, at_least, verdict, files, tmp_path):
    clusters(files, tmp_path, distance)
    outcome = examined("separates", files, task="plane", at_least=at_least)
    assert (outcome["verdict"], outcome["threshold"], outcome["images"]) == (verdict, at_least, 400)
    assert 0 <= outcome["figure"] <= 1


def test_every_model_must_separate(files, tmp_path):
    clusters(files, tmp_path, 6, seeds=3)
    clusters(files, tmp_path, 0.5, name=("plane", "vae", "mse"), seeds=3)
    assert examined("separates", files, task="plane", at_least=0.9)["verdict"] == NOT_SUPPORTED
    assert examined("separates", files, task="plane", at_least=0.9, models=["vae/bce"])["verdict"] == SUPPORTED
    assert examined("separates", files, task="plane", at_least=0.9, models=["ae"])["verdict"] == NOT_TESTED


def test_the_vote_is_scikit_learns(files, tmp_path):
    from sklearn.neighbors import KNeighborsClassifier

    from restoration.evaluation.knn_accuracy import correct

    clusters(files, tmp_path, 1.5, seeds=1)
    (path,) = files.values()
    train, train_labels, test, test_labels = artifacts.read_npz(path, "train", "train_labels", "test", "test_labels")
    predicted = KNeighborsClassifier(15).fit(train, train_labels).predict(test)
    np.testing.assert_array_equal(correct(path, 15), predicted == test_labels)


# -------------------------------------------------------------------------------------------------------------- FILE


def test_the_shipped_claims(config):
    """Are sound, also where a task and a variant are switched off, and ask for no more than they read."""
    claims = claims_file.load(str(CONFIG / "claims.yaml"), config)
    config["tasks"]["denoising"] = False
    config["variants"]["cvae_label"] = False
    assert claims_file.load(str(CONFIG / "claims.yaml"), config) == claims
    assert all(claim["tests"] and claim["sentence"] and claim["source"] for claim in claims.values())
    needed = claims_file.needs(claims)
    assert len(needed) == len(set(needed))
    assert {("intervals", "inpainting"), ("history", "inpainting"), ("latents", "representation")} <= set(needed)
    assert ("latents", "inpainting") not in needed


def test_no_claims(config):
    assert claims_file.load(None, config) == claims_file.load(False, config) == {}


def test_baselines_that_claims_may_name(config):
    known = claims_file.names(config)["baselines"]
    assert {"identity", "identity_calibrated", "median", "median_calibrated", "mean_image"} <= set(known)
    assert "mean_image_calibrated" not in known


# ------------------------------------------------------------------------------------------------------------ SCRIPT


def test_the_script(files, tmp_path, compared):
    compared(CLEAR)
    one, other = (
        {"kind": "better", "parameters": part_checks.check("claims", "better", given, "here")}
        for given in (
            {"task": "holes", "better": ["cvae/mse"], "than": ["*"]},
            {"task": "holes", "better": ["cvae/bce"], "than": ["cvae/mse"]},
        )
    )
    text = {"sentence": "It is so.", "source": "page 1", "reading": ""}
    job = {
        "claims": {"first": {**text, "tests": [one]}, "both": {**text, "tests": [one, other]}},
        "sources": [list(source) for source in files],
    }
    for name in ("one.json", "two.json"):
        script.main(job, list(files.values()), tmp_path / name)
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    written = artifacts.read_json(tmp_path / "one.json", "claims", "counts")
    assert written["counts"] == {"supported": 1, "not supported": 1, "undecided": 0, "not tested": 0}
    first, both = written["claims"]
    assert [first["id"], first["verdict"], both["verdict"]] == ["first", SUPPORTED, NOT_SUPPORTED]
    assert both["finding"] == both["tests"][1]["finding"]
    assert both["figure"] == both["tests"][1]["figure"] < 0
    assert both["evidence"] == {"tasks": ["holes"], "files": list(files.values())}
    assert (both["sentence"], both["source"]) == ("It is so.", "page 1")
