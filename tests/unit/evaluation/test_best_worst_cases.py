import numpy as np
import pandas as pd
import pytest

from restoration.core import artifacts
from restoration.core.errors import DamagedFile
from restoration.evaluation import best_worst_cases


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (30, 1, 12, 12), dtype=np.uint8)


def scores(error: np.ndarray, regions: tuple[str, ...]) -> pd.DataFrame:
    """Rows as `scoring.score` gives them; only the raw output in the last region has the errors."""
    frames = []
    for output in ("pasted", "raw"):
        for region in regions:
            values = error if (output, region) == ("raw", regions[-1]) else np.zeros(len(error))
            frames.append(
                pd.DataFrame({"image": np.arange(len(error)), "output": output, "region": region, "mse": values})
            )
    return pd.concat(frames).sample(frac=1, random_state=0)


@pytest.mark.parametrize("regions", [("whole", "hole"), ("whole",)])
def test_the_best_and_the_worst_are_kept_with_their_restorations_and_errors(images, regions, tmp_path):
    error = np.random.default_rng(1).permutation(30) / 30
    restored = images[::-1].copy()
    artifacts.write_npz(tmp_path / "cases.npz", **best_worst_cases.keep("encode", restored, scores(error, regions)))
    kept = best_worst_cases.read(tmp_path / "cases.npz", "encode", images)
    order = np.argsort(error)
    assert kept["best"].images.tolist() == order[: best_worst_cases.EXTREMES].tolist()
    assert kept["worst"].images.tolist() == order[::-1][: best_worst_cases.EXTREMES].tolist()
    for group in kept.values():
        np.testing.assert_array_equal(group.restored, images[::-1][group.images])
        np.testing.assert_allclose(group.error, error[group.images], rtol=1e-6)


def test_the_draw_is_the_same_for_all_and_takes_each_image_once():
    draw = best_worst_cases.drawn(10_000)
    assert len(set(draw.tolist())) == best_worst_cases.DRAWN
    assert draw.tolist() == sorted(draw) == best_worst_cases.drawn(10_000).tolist()
    assert draw.max() > 9000 > 1000 > draw.min()
    assert best_worst_cases.drawn(7).tolist() == list(range(7))


@pytest.mark.parametrize(
    ("part", "change", "words"),
    [
        ("images", lambda old: old + 30, "is not of the 30 test images"),
        ("error", lambda old: old * np.nan, "is not of the 30 test images"),
        ("restored", lambda old: old[:, :, 1:], "does not hold images of the test set"),
        ("images", lambda old: old.astype(float), "does not hold images of the test set"),
    ],
)
def test_a_damaged_file_is_refused(images, part, change, words, tmp_path):
    arrays = best_worst_cases.keep("encode", images, scores(np.arange(30.0), ("whole",)))
    name = f"encode/best/{part}"
    artifacts.write_npz(tmp_path / "cases.npz", **arrays | {name: change(arrays[name])})
    with pytest.raises(DamagedFile, match=words):
        best_worst_cases.read(tmp_path / "cases.npz", "encode", images)
