import compare
import numpy as np
import pandas as pd
import pytest

from restoration.comparison import bootstrap
from restoration.comparison.differences import COLUMNS, differences
from restoration.comparison.interval_table import Entry, intervals, read_scores
from restoration.config import true_label
from restoration.core import artifacts
from restoration.core.errors import DamagedFile
from restoration.evaluation.judging import RANGE

IMAGES = 60
SUFFIXES = (("", ".parquet"), ("_csv", ".csv"))
HARD = np.random.default_rng(0).uniform(0.05, 0.15, IMAGES)


def scores(errors: dict[str, float], hole: bool = True, seed: int = 0) -> pd.DataFrame:
    """Rows as `scoring.score` writes them; errors: method to what it adds to each image's squared error."""
    rng = np.random.default_rng(seed)
    frames = []
    for method, error in errors.items():
        for output in ["raw", "pasted"] if hole else ["raw"]:
            for region in ["whole", "hole"] if hole else ["whole"]:
                mse = 0 * HARD if error < 0 else HARD + error + rng.normal(0, 0.002, IMAGES)
                columns = {"image": np.arange(IMAGES, dtype=np.int32), "mse": mse, "psnr": -10 * mse, "ssim": 1 - mse}
                accuracy = np.nan if region == "hole" else (mse < 0.15).astype(float)
                frames.append(
                    pd.DataFrame(columns).assign(accuracy=accuracy, method=method, output=output, region=region)
                )
    frame = pd.concat(frames, ignore_index=True)
    return frame.astype(dict.fromkeys(["method", "output", "region"], "category"))


@pytest.fixture
def files(tmp_path):
    """Write scores; returns their path."""

    def write(frame: pd.DataFrame) -> str:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.parquet"
        artifacts.write_parquet(path, frame)
        return str(path)

    return write


@pytest.fixture
def entries(files):
    """A good and a bad model of three seeds each, and two baselines."""
    good = [files(scores({"encode": 0.0, "best": 0.01}, seed=seed)) for seed in range(3)]
    bad = [files(scores({"encode": 0.05}, seed=seed + 3)) for seed in range(3)]
    nothing = files(scores({"identity": 0.2, "filter": 0.02}, seed=9))
    return [
        Entry("vae", "bce", good),
        Entry("vae", "mse", bad),
        Entry("", "", [nothing]),
    ]


def test_the_means_are_those_of_the_files(entries):
    table, replicates = intervals(entries)
    assert len(table) == len(replicates) == 5 * (4 * 3 + 2)  # methods, and accuracy where it is a number
    for entry in entries:
        frames = pd.concat([pd.read_parquet(file) for file in entry.files])
        means = frames.groupby(["method", "output", "region"], observed=True)[
            ["mse", "psnr", "ssim", "accuracy"]
        ].mean()
        here = table[(table["variant"] == entry.variant) & (table["loss"] == entry.loss)]
        for row in here.itertuples():
            assert row.mean == pytest.approx(means.loc[(row.method, row.output, row.region), row.measure])
            assert row.low < row.mean < row.high or row.measure == "accuracy"
            assert (row.seeds, row.images) == (3 if entry.variant else 0, IMAGES)


def test_no_interval_leaves_what_the_mean_can_be(files):
    """Of two seeds, which differ, the widened interval would reach over 1."""
    some, all_right = (scores({"encode": 0.0}, seed=seed) for seed in range(2))
    all_right["accuracy"] = all_right["accuracy"].where(all_right["accuracy"].isna(), 1.0)
    some["accuracy"] = some["accuracy"].where(some["accuracy"].isna(), (some["image"] % 10 > 0).astype(float))
    table, replicates = intervals([Entry("vae", "bce", [files(some), files(all_right)])])
    read = table[table["measure"] == "accuracy"]
    assert replicates[read.index].max() > 1
    assert (read["high"] == 1).all()
    assert (read["low"] < read["mean"]).all()


def test_the_order_of_the_rows_in_a_file_does_not_count(entries, files):
    shuffled = pd.read_parquet(entries[1].files[0]).sort_values("image", ascending=False, kind="stable")
    other = [entries[0], Entry("vae", "mse", [files(shuffled), *entries[1].files[1:]]), entries[2]]
    pd.testing.assert_frame_equal(intervals(entries)[0], intervals(other)[0])


def test_differences_to_the_best(entries):
    table, replicates = intervals(entries)
    found = differences(table, replicates)
    assert list(found) == COLUMNS
    error = found[(found["measure"] == "mse") & (found["against"] == "best")]
    assert set(zip(error["output"], error["region"], strict=True)) == {("raw", "hole")}
    assert set(error["reference_variant"] + error["reference_loss"] + error["reference_method"]) == {"vaebceencode"}
    best = error[(error["loss"] == "bce") & (error["method"] == "encode")].iloc[0]
    assert (best["difference"], best["low"], best["high"], best["better"]) == (0, 0, 0, "")
    bad = error[error["loss"] == "mse"].iloc[0]
    assert bad["better"] == "worse"
    assert bad["low"] < 0.05 < bad["high"]
    assert bad["high"] - bad["low"] < 0.01  # paired: the images' own spread would make it wider
    against = found[(found["against"] == "best_baseline") & (found["measure"] == "ssim")]
    assert set(zip(against["output"], against["region"], strict=True)) == {("pasted", "whole")}
    assert set(against["reference_method"]) == {"filter"}
    good = against[(against["loss"] == "bce") & (against["method"] == "encode")].iloc[0]
    assert (good["better"], good["reference_seeds"], good["seeds"]) == ("better", 0, 3)
    assert good["difference"] == pytest.approx(0.02, abs=0.002)  # a higher SSIM is better


def test_what_is_given_the_label_is_not_the_best(files):
    """But is compared with it, and by its inference that does without the label it may be."""
    table, replicates = intervals(
        [
            Entry("cvae_label", "bce", [files(scores({"encode": 0.0, "inferred_label": 0.03}))]),
            Entry("vae", "bce", [files(scores({"encode": 0.05}, seed=1))]),
            Entry("", "", [files(scores({"identity": 0.2}, seed=2))]),
        ]
    )
    for labelled, best in (([], "encode"), (["cvae_label"], "inferred_label")):
        found = differences(table, replicates, labelled)
        found = found[(found["against"] == "best") & (found["measure"] == "mse")].set_index(["variant", "method"])
        assert set(found["reference_variant"] + found["reference_method"]) == {f"cvae_label{best}"}
        assert found["better"]["cvae_label", best] == ""
        assert found["better"]["cvae_label", "encode"] == ("better" if labelled else "")
        assert found["better"]["vae", "encode"] == "worse"


def test_an_inference_says_in_its_file_whether_it_does_without_the_label():
    assert true_label.blind("inferred_label")
    assert not true_label.blind("encode")
    assert not true_label.blind("mean_image")  # no inference


def test_a_baseline_without_error_is_no_reference(files):
    """Where nothing is corrupted."""
    model = Entry("vae", "bce", [files(scores({"encode": 0.0}, hole=False))])
    baselines = Entry("", "", [files(scores({"identity": -1, "mean_image": 0.3}, hole=False))])
    found = differences(*intervals([model, baselines]))
    assert set(found["method"]) == {"encode", "mean_image"}
    assert set(zip(found["output"], found["region"], strict=True)) == {("raw", "whole")}
    assert set(found.loc[found["against"] == "best", "reference_method"]) == {"encode"}


def test_an_added_model_changes_no_other_row(entries):
    before, after = intervals([entries[0], entries[2]])[0], intervals(entries)[0]
    kept = after[after["loss"] != "mse"].reset_index(drop=True)
    pd.testing.assert_frame_equal(before, kept)


def test_the_script_writes_the_same_bytes_again(entries, tmp_path):
    models = [(entry.variant, entry.loss, seed) for entry in entries[:2] for seed in range(3)]
    scores_files = [file for entry in entries[:2] for file in entry.files]
    names = {f"{name}{end}": f"{name}{suffix}" for name in ("intervals", "differences") for end, suffix in SUFFIXES}
    written = []
    for folder in ("one", "two"):
        outputs = {key: str(tmp_path / folder / name) for key, name in names.items()}
        outputs["replicates"] = str(tmp_path / folder / "replicates.npz")
        compare.main({"models": models, "labelled": []}, scores_files, entries[2].files[0], outputs)
        written.append({name: artifacts.sha256(path) for name, path in outputs.items()})
    assert written[0] == written[1]
    table = pd.read_parquet(tmp_path / "one" / "intervals.parquet")
    (replicates,) = artifacts.read_npz(tmp_path / "one" / "replicates.npz", "replicates")
    assert replicates.shape == (len(table), bootstrap.REPLICATES)
    limits = np.array([RANGE[measure] for measure in table["measure"]]).T
    low, high = (bound.clip(*limits) for bound in bootstrap.interval(replicates.T))
    np.testing.assert_allclose([table["low"], table["high"]], [low, high], rtol=1e-5)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "one" / "intervals.csv", keep_default_na=False), table)


def test_scores_of_other_images_are_refused(entries, files):
    short = pd.read_parquet(entries[1].files[0])
    other = Entry("vae", "mse", [files(short[short["image"] < IMAGES - 1])])
    with pytest.raises(DamagedFile, match="other files"):
        intervals([entries[0], other])


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (lambda frame: frame[frame["image"] > 0], "encode .* does not have one row for each of"),
        (lambda frame: pd.concat([frame, frame]), "encode .* does not have one row for each of"),
        (lambda frame: frame.assign(mse=np.inf), "encode .* has a mse that is no number"),
        (lambda frame: frame.assign(mse="0.1"), "encode .* has a mse that is no number"),
        (lambda frame: frame[:0], "it holds no scores"),
        (lambda frame: frame.drop(columns="region"), "cannot be read"),
        (lambda frame: frame.drop(columns=["mse", "psnr", "ssim", "accuracy"]), "it holds no scores"),
    ],
)
def test_damaged_scores(damage, line, files):
    path = files(damage(scores({"encode": 0.0})))
    with pytest.raises(DamagedFile, match=line) as caught:
        read_scores(path)
    assert str(caught.value).startswith(path)
