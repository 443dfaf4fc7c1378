import logging

import baselines as baselines_script
import numpy as np
import pytest
import torch
from helpers import seeded
from hypothesis import given
from hypothesis import strategies as st
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle, inpaint_biharmonic

from restoration.config import part_checks
from restoration.core import artifacts, registry
from restoration.data import corruptions
from restoration.data.device import as_float
from restoration.evaluation import tuning
from restoration.models import classifier
from restoration.restorers import baselines, masked_neighbours
from restoration.restorers.masked_neighbours import nearest

NAMES = registry.names("baselines")
OURS = ["biharmonic", "identity", "kernel_neighbours", "mean_image", "median", "nearest_neighbour", "non_local_means"]
OURS += ["total_variation"]  # a user may have more
SIDE = 14
TASKS = {
    "none": {"name": "none"},
    "some": {"name": "stroke_hole", "size": 4},
    "all": {"name": "gaussian_noise", "sigma": 0.2},
}

biharmonic, kernel_neighbours, median, nearest_neighbour, non_local_means, total_variation = (
    registry.load("baselines", name)
    for name in (
        "biharmonic",
        "kernel_neighbours",
        "median",
        "nearest_neighbour",
        "non_local_means",
        "total_variation",
    )
)


def corrupted_by(settings: dict, complete: np.ndarray, seed: int = 9) -> tuple[np.ndarray, np.ndarray]:
    """The stored corrupted images and their mask, as the workflow makes them."""
    corrupted, mask = corruptions.build(settings)(as_float(complete), seeded(seed))
    return corrupted.mul(255).round().to(torch.uint8).numpy(), mask.numpy()


def random_images(count: int, shape: tuple[int, int, int], seed: int = 0) -> torch.Tensor:
    return torch.rand(count, *shape, generator=seeded(seed))


@pytest.fixture(scope="module")
def train_images() -> torch.Tensor:
    return torch.randint(0, 256, (40, 1, SIDE, SIDE), generator=seeded(), dtype=torch.uint8)


# ---------------------------------------------------------------------------------------------------- EVERY BASELINE


@pytest.mark.parametrize(
    ("hides", "names"),
    [
        ("none", ["identity", "mean_image"]),
        ("some", ["biharmonic", "identity", "kernel_neighbours", "mean_image", "nearest_neighbour"]),
        ("all", [name for name in OURS if name != "biharmonic"]),
        (None, OURS),
    ],
)
def test_a_task_has_the_baselines_that_are_for_what_it_hides(hides, names):
    assert [name for name in baselines.fitting(hides) if name in OURS] == names


@pytest.mark.parametrize("name", NAMES)
def test_every_grid_is_of_the_baselines_parameters_and_what_a_configuration_could_say(name):
    module = registry.load("baselines", name)
    tried = tuning.candidates(name)
    assert len(tried) == int(np.prod([len(values) for values in getattr(module, "GRID", {}).values()]))
    assert len({str(parameters) for parameters in tried}) == len(tried)
    for parameters in tried:
        assert part_checks.check("baselines", name, parameters, "here") == parameters
    assert registry.constant("baselines", name, "HIDDEN") == getattr(module, "HIDDEN", None)


@pytest.mark.parametrize("name", [name for name in baselines.fitting("some") if name != "identity"])
def test_what_the_mask_hides_changes_no_restoration(name, train_images, strokes):
    """Hidden pixels are replaced by noise. (The identity is the corrupted image.)"""
    complete, _ = strokes(12, (1, SIDE, SIDE))
    for settings in (TASKS["some"], {"name": "quadrants"}, {"name": "missing_pixels"}):
        corrupted, mask = (torch.from_numpy(array) for array in corrupted_by(settings, complete))
        corrupted = corrupted / 255
        noisy = torch.where(mask, random_images(12, (1, SIDE, SIDE)), corrupted)
        restore = registry.load("baselines", name).restore
        assert not noisy.equal(corrupted)
        assert restore(noisy, mask, train_images).equal(restore(corrupted, mask, train_images))


@pytest.mark.parametrize("shape", [(1, 11, 16), (3, 13, 11)], ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_every_baseline_restores_images_of_any_kind(name, shape):
    train_images = torch.randint(0, 256, (7, *shape), generator=seeded(), dtype=torch.uint8)
    images = random_images(5, shape)
    for settings in (*TASKS.values(), {"name": "stroke_hole", "size": 11}, {"name": "missing_pixels", "fraction": 1.0}):
        corrupted, mask = corruptions.build(settings)(images, seeded())
        before = corrupted.clone()
        restored = registry.load("baselines", name).restore(corrupted, mask, train_images)
        assert corrupted.equal(before)
        assert (restored.shape, restored.dtype) == (images.shape, torch.float32)
        assert 0 <= restored.min() <= restored.max() <= 1


def test_the_mean_image_is_exact_for_any_number_of_images():
    train_images = torch.full((70_000, 1, 2, 2), 255, dtype=torch.uint8)
    train_images[: 70_000 // 4] = 0
    mean = registry.load("baselines", "mean_image").restore(
        torch.zeros(3, 1, 2, 2), torch.zeros(3, 1, 2, 2, dtype=torch.bool), train_images
    )
    torch.testing.assert_close(mean, torch.full((3, 1, 2, 2), 0.75))


# ------------------------------------------------------------------------------------------------------- NEIGHBOURS


@pytest.mark.parametrize(
    "settings",
    [*TASKS.values(), {"name": "quadrants"}, {"name": "missing_pixels"}, {"name": "stroke_hole", "size": SIDE}],
    ids=str,
)
@pytest.mark.parametrize("channels", [1, 3])
def test_nearest_finds_the_least_distances_over_visible_pixels(settings, channels, monkeypatch):
    monkeypatch.setattr("restoration.restorers.masked_neighbours.CHUNK", 17 * channels * SIDE**2)
    train = torch.randint(0, 256, (60, channels, SIDE, SIDE), generator=seeded(), dtype=torch.uint8)
    corrupted, mask = corruptions.build(settings)(random_images(6, (channels, SIDE, SIDE)), seeded(1))
    compared = ~mask if not mask.all() else mask
    exact = ((corrupted[:, None] - train / 255) * compared[:, None]).double().square().sum(dim=(2, 3, 4))
    distances, indices = nearest(corrupted, mask, train, 9)
    expected = exact.sort(dim=1)
    torch.testing.assert_close(distances, expected.values[:, :9].float(), rtol=1e-4, atol=1e-4)
    assert indices.equal(expected.indices[:, :9])


def test_there_are_no_more_neighbours_than_training_images(train_images):
    distances, indices = nearest(random_images(2, (1, SIDE, SIDE)), torch.zeros(2, 1, SIDE, SIDE) > 0, train_images, 99)
    assert distances.shape == indices.shape == (2, 40)
    assert indices.sort(dim=1).values.equal(torch.arange(40).expand(2, -1))


def test_neighbours_are_searched_once_and_again_for_more(train_images, monkeypatch):
    monkeypatch.setattr("restoration.restorers.masked_neighbours.FOUND", 9)
    searches, search = [], masked_neighbours._search
    monkeypatch.setattr(masked_neighbours, "_search", lambda *given: searches.append(given[-1]) or search(*given))
    images, mask = random_images(2, (1, SIDE, SIDE)), torch.zeros(2, 1, SIDE, SIDE) > 0
    train_images = train_images.clone()  # of which nothing has been asked
    expected = search(images, mask, train_images, 12)
    for count in (1, 9, 5, 12, 3):
        for ours, theirs in zip(nearest(images, mask, train_images, count), expected, strict=True):
            assert ours.equal(theirs[:, :count])
    assert searches == [9, 12]
    nearest(images + 1, mask, train_images, 1)
    nearest(images, mask, train_images.clone(), 1)
    assert searches == [9, 12, 9, 9]


def test_the_nearest_neighbour_of_a_damaged_training_image_is_that_image(train_images):
    complete = train_images[[3, 17, 17, 0]]
    corrupted, mask = corruptions.build({"name": "missing_pixels"})(complete / 255, seeded())
    torch.testing.assert_close(nearest_neighbour.restore(corrupted, mask, train_images), complete / 255)


def test_kernel_neighbours_weight_by_distance(train_images):
    corrupted, mask = corruptions.build({"name": "quadrants"})(random_images(3, (1, SIDE, SIDE)), seeded())
    restored = kernel_neighbours.restore(corrupted, mask, train_images, neighbours=5, bandwidth=0.7)
    for image, hidden, ours in zip(corrupted, mask, restored, strict=True):
        distance = ((image - train_images / 255) * ~hidden).square().sum(dim=(1, 2, 3))
        near = distance.argsort()[:5]
        weights = torch.exp(-distance[near] / (2 * 0.7**2))
        expected = (weights[:, None, None, None] * train_images[near] / 255).sum(dim=0) / weights.sum()
        torch.testing.assert_close(ours, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("bandwidth", "count"), [(0, 1), (1e4, 6)])
def test_a_narrow_kernel_takes_the_nearest_and_a_wide_one_the_mean(bandwidth, count, train_images):
    corrupted, mask = corruptions.build({"name": "quadrants"})(random_images(3, (1, SIDE, SIDE)), seeded())
    restored = kernel_neighbours.restore(corrupted, mask, train_images, neighbours=6, bandwidth=bandwidth)
    _, indices = nearest(corrupted, mask, train_images, count)
    torch.testing.assert_close(restored, (train_images[indices] / 255).mean(dim=1), rtol=1e-4, atol=1e-4)


# ------------------------------------------------------------------------------------------------------- SCIKIT-IMAGE


@pytest.mark.parametrize(
    "settings",
    [
        {"name": "stroke_hole", "size": 6},
        {"name": "central_hole", "size": 8},
        {"name": "missing_pixels", "fraction": 0.4},
        *({"name": "quadrants", "observed": observed} for observed in (1, 2, 3)),
        {"name": "none"},
    ],
    ids=lambda settings: "-".join(map(str, settings.values())),
)
@pytest.mark.parametrize("shape", [(1, 16, 16), (3, 13, 18)], ids=str)
@pytest.mark.parametrize("dense", [0, biharmonic.DENSE], ids=["sparse", "dense"])
def test_biharmonic_is_scikit_images(dense, settings, shape, monkeypatch):
    monkeypatch.setattr(biharmonic, "DENSE", dense)
    images = random_images(6, shape)
    corrupted, mask = corruptions.build(settings)(images, seeded(3))
    restored = biharmonic.restore(corrupted, mask, torch.empty(0))
    for image, hidden, ours in zip(corrupted, mask, restored, strict=True):
        theirs = inpaint_biharmonic(image.double().numpy(), hidden[0].numpy(), channel_axis=0)
        np.testing.assert_allclose(ours.numpy(), theirs, atol=1e-5)


def test_biharmonic_has_nothing_to_go_on_where_nothing_is_visible():
    mask = torch.ones(2, 1, 12, 12, dtype=torch.bool)
    mask[1, :, :6] = False
    restored = biharmonic.restore(random_images(2, (1, 12, 12)), mask, torch.empty(0))
    assert not restored[0].any()
    assert restored[1].any()


@pytest.mark.parametrize("weight", [0.03, 0.1, 0.4, 2.0])
def test_total_variation_is_scikit_images(weight):
    """Of images that are done after a different number of iterations."""
    generator = seeded()
    images = torch.zeros(8, 15, 12, dtype=torch.float64)
    images[:, 4:9, 3:10] = torch.linspace(0, 1, 8, dtype=torch.float64)[:, None, None]
    images += torch.randn(images.shape, generator=generator, dtype=torch.float64) * torch.linspace(0, 0.5, 8)[
        :, None, None
    ].flip(0)
    ours = total_variation.denoise(images, weight)
    for image, denoised in zip(images.numpy(), ours.numpy(), strict=True):
        np.testing.assert_allclose(denoised, denoise_tv_chambolle(image, weight=weight), atol=1e-9)


def test_total_variation_ends_after_as_many_iterations_as_scikit_images(monkeypatch):
    images = random_images(4, (20, 20)).double()
    monkeypatch.setattr(total_variation, "ITERATIONS", 7)
    for image, ours in zip(images.numpy(), total_variation.denoise(images, 1.0).numpy(), strict=True):
        np.testing.assert_allclose(ours, denoise_tv_chambolle(image, weight=1.0, max_num_iter=7), atol=1e-9)


@pytest.mark.parametrize("channels", [1, 3])
def test_non_local_means_are_scikit_images(channels):
    images = random_images(3, (channels, 17, 14))
    mask = torch.ones(3, 1, 17, 14, dtype=torch.bool)
    restored = non_local_means.restore(images, mask, torch.empty(0), cutoff=0.3, patch=5, reach=4)
    for image, ours in zip(images.numpy(), restored.numpy(), strict=True):
        last = image.transpose(1, 2, 0)
        theirs = denoise_nl_means(last, patch_size=5, patch_distance=4, h=0.3, channel_axis=-1)
        np.testing.assert_allclose(ours.transpose(1, 2, 0), theirs.reshape(last.shape).clip(0, 1), atol=1e-5)


def test_the_median_is_of_the_pixels_around_each():
    images = random_images(2, (3, 11, 12))
    restored = median.restore(images, torch.ones(2, 1, 11, 12, dtype=torch.bool), torch.empty(0), size=3)
    inner = images.unfold(2, 3, 1).unfold(3, 3, 1).flatten(4).median(dim=4).values
    assert restored[:, :, 1:-1, 1:-1].equal(inner)


# ------------------------------------------------------------------------------------------------------------ TUNING


@pytest.fixture
def examples(strokes) -> tuning.Examples:
    complete, _ = strokes(30, (1, SIDE, SIDE))
    corrupted, mask = corrupted_by(TASKS["all"], complete)
    return tuning.Examples(as_float(complete), as_float(corrupted), torch.from_numpy(mask))


@pytest.mark.parametrize("name", ["median", "total_variation", "kernel_neighbours"])
def test_tuning_takes_the_best_parameters_with_and_without_calibration(name, examples, train_images):
    def errors(calibrated: bool) -> list[float]:
        found = []
        for parameters in tuning.candidates(name):
            restored = registry.load("baselines", name).restore(*examples[1:], train_images, **parameters)
            if calibrated:
                curve = tuning.calibration.fit(restored, examples.complete)
                restored = tuning.calibration.apply(curve, restored, examples.mask)
            found.append((restored - examples.complete).square().mean().item())
        return found

    tuned = tuning.tune(name, train_images, examples)
    assert list(tuned) == [name, f"{name}_calibrated"]
    for method, calibrated in zip(tuned, (False, True), strict=True):
        tried = errors(calibrated)
        assert tuned[method].baseline.parameters == tuning.candidates(name)[int(np.argmin(tried))]
        restored = tuned[method].restore(*examples[1:], torch.zeros(30))
        assert (restored - examples.complete).square().mean().item() == pytest.approx(min(tried), rel=1e-5)
    assert min(errors(True)) < min(errors(False))


def test_the_references_are_as_they_are(examples, train_images):
    hole = examples._replace(mask=torch.zeros_like(examples.mask).index_fill(3, torch.arange(3), True))
    for name, among in (("mean_image", examples), ("identity", hole)):
        assert list(tuning.tune(name, train_images, among)) == [name]


def test_under_noise_the_image_as_it_is_has_the_calibration_alone(examples, train_images):
    """The control for all others: what the curve does to the noisy image by itself."""
    tuned = tuning.tune("identity", train_images, examples)
    assert list(tuned) == ["identity", "identity_calibrated"]
    curve = tuning.calibration.fit(examples.corrupted, examples.complete)
    expected = tuning.calibration.apply(curve, examples.corrupted, examples.mask)
    plain, calibrated = (one.restore(*examples[1:], torch.zeros(30)) for one in tuned.values())
    assert plain.equal(examples.corrupted)
    assert calibrated.equal(expected)
    assert tuning.error(calibrated, examples) < tuning.error(plain, examples)


def test_a_task_whose_examples_hide_nothing_takes_the_first_candidate(examples, train_images):
    nothing = tuning.Examples(examples.complete, examples.complete, torch.zeros_like(examples.mask))
    tuned = tuning.tune("kernel_neighbours", train_images, nothing)
    assert tuned["kernel_neighbours"].baseline.parameters == tuning.candidates("kernel_neighbours")[0]
    restored = tuned["kernel_neighbours_calibrated"].restore(*examples[1:], torch.zeros(30))
    assert torch.isfinite(restored).all()


def test_a_baseline_does_not_restore_a_batch_twice(train_images, monkeypatch):
    calls = []
    monkeypatch.setattr(median, "restore", lambda corrupted, *_, **given: calls.append(given) or corrupted + 0)
    baseline = tuning.Baseline("median", {"size": 5}, train_images)
    images, mask = random_images(4, (1, 5, 5)), torch.ones(4, 1, 5, 5, dtype=torch.bool)
    assert baseline(images[:2], mask[:2]).equal(images[:2])
    assert baseline(images[:2].clone(), mask[:2]).equal(images[:2])
    assert calls == [{"size": 5}]
    assert baseline(images[2:], mask[:2]).equal(images[2:])
    baseline(images[:2], ~mask[:2])
    assert len(calls) == 3
    assert baseline.images == 6


# ------------------------------------------------------------------------------------------------------------ SCRIPT


@pytest.fixture
def files(strokes, tmp_path):
    """What the rule reads: the data set, a classifier, and for each of TASKS what is corrupted."""
    splits = {}
    for seed, (split, count) in enumerate({"train": 60, "validation": 25, "test": 21}.items()):
        splits[f"{split}_images"], splits[f"{split}_labels"] = strokes(count, (1, SIDE, SIDE), seed=seed)
    artifacts.write_npz(tmp_path / "dataset.npz", **splits, classes=4)
    classifier.save(classifier.Classifier((1, SIDE, SIDE), 4).eval(), tmp_path / "classifier.pt")
    for task, settings in TASKS.items():
        for seed, split in enumerate(("validation", "test")):
            corrupted, mask = corrupted_by(settings, splits[f"{split}_images"], seed)
            artifacts.write_npz(tmp_path / task / f"{split}.npz", corrupted=corrupted, mask=mask)
    return tmp_path


def run(files, task: str, folder: str = "out", names: list[str] = NAMES):
    names_of = {"scores": "scores.parquet", "metrics": "metrics.json"}
    names_of |= {name: f"{name}.npz" for name in ("examples", "cases")}
    outputs = {name: files / folder / file for name, file in names_of.items()}
    inputs = [files / "dataset.npz", *(files / task / f"{split}.npz" for split in ("validation", "test"))]
    baselines_script.main({"baselines": names}, *inputs, files / "classifier.pt", outputs)
    return outputs


@pytest.mark.parametrize("task", TASKS)
def test_only_what_is_for_a_task_is_measured_and_its_parameters_are_told(task, files, caplog):
    caplog.set_level(logging.INFO, logger="restoration")
    metrics = artifacts.read_json(run(files, task)["metrics"])
    fitting = baselines.fitting(task)
    references = ["mean_image"] if task == "all" else ["identity", "mean_image"]
    calibrated = [f"{name}_calibrated" for name in fitting if name not in references]
    assert sorted(metrics["scores"]) == sorted(metrics["parameters"]) == sorted([*fitting, *calibrated])
    assert (metrics["images"], metrics["validation_images"]) == (21, 25)
    for method, parameters in metrics["parameters"].items():
        assert parameters in tuning.candidates(method.removesuffix("_calibrated"))
        assert f"{method} {{" in caplog.text


def test_a_baseline_is_measured_like_a_model(files):
    """The identity: in the hole it is as far from the image as black is."""
    scores = artifacts.read_json(run(files, "some", names=["identity"])["metrics"])["scores"]
    (complete,) = artifacts.read_npz(files / "dataset.npz", "test_images")
    _, mask = artifacts.read_npz(files / "some" / "test.npz", "corrupted", "mask")
    hole = ((complete / 255) ** 2 * mask).sum(axis=(1, 2, 3)) / mask.sum(axis=(1, 2, 3))
    assert scores["identity"]["raw"]["hole"]["mse"] == pytest.approx(hole.mean(), rel=1e-5)


def test_the_same_files_twice(files):
    for task in TASKS:
        first, second = run(files, task, "first"), run(files, task, "second")
        assert all(first[name].read_bytes() == second[name].read_bytes() for name in first)


def test_no_test_image_decides_a_parameter_or_the_calibration(files):
    """With other complete test images under the same corrupted ones, everything is restored as before."""
    before = run(files, "all", "before")
    with np.load(files / "dataset.npz") as content:
        content = dict(content)
    content["test_images"] = 255 - content["test_images"]
    artifacts.write_npz(files / "dataset.npz", **content)
    after = run(files, "all", "after")
    assert before["examples"].read_bytes() == after["examples"].read_bytes()
    assert before["cases"].read_bytes() != after["cases"].read_bytes()  # which are the worst depends on the originals
    told = [artifacts.read_json(outputs["metrics"]) for outputs in (before, after)]
    assert told[0]["parameters"] == told[1]["parameters"]
    assert told[0]["scores"] != told[1]["scores"]


@given(seed=st.integers(0, 2**31), fraction=st.floats(0, 1))
def test_biharmonic_stays_within_what_is_visible(seed, fraction):
    images = random_images(2, (1, 11, 11), seed)
    corrupted, mask = corruptions.build({"name": "missing_pixels", "fraction": fraction})(images, seeded(seed))
    restored = biharmonic.restore(corrupted, mask, torch.empty(0))
    for image, hidden, ours in zip(images, mask, restored, strict=True):
        if not hidden.all():
            assert image[~hidden].min() <= ours.min() <= ours.max() <= image[~hidden].max()
