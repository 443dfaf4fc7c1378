import corrupt as corrupt_script
import numpy as np
import pytest
import torch
from helpers import seeded
from hypothesis import given
from hypothesis import strategies as st

from restoration.config import part_checks
from restoration.core import artifacts, registry
from restoration.core.determinism import derived_seed
from restoration.data import corruptions, holes

CORRUPTIONS = registry.names("corruptions")
SHAPES = [(1, 28, 28), (3, 20, 24), (1, 15, 31)]


def some_images(count: int, shape: tuple[int, int, int], seed: int = 0) -> torch.Tensor:
    """Black but for a grey block at a random place."""
    generator = seeded(seed)
    images = torch.zeros(count, *shape)
    for image in images:
        top, left = (int(torch.randint(size - 3, (), generator=generator)) for size in shape[1:])
        image[:, top : top + 4, left : left + 3] = torch.rand((), generator=generator) * 0.9 + 0.1
    return images


def one_lit_pixel(row: int, column: int, size: tuple[int, int] = (12, 14)) -> torch.Tensor:
    image = torch.zeros(1, 1, *size)
    image[..., row, column] = 0.5
    return image


def hole(image: torch.Tensor, size: int, seed: int = 0) -> tuple[int, int]:
    """Row and column of the hole's first pixel, in a batch of one."""
    _, mask = corruptions.build({"name": "stroke_hole", "size": size})(image, seeded(seed))
    row, column = mask[0, 0].nonzero()[0].tolist()
    return row, column


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_every_corruption_takes_all_randomness_from_its_generator(name):
    images, corrupt = some_images(5, (3, 20, 24)), corruptions.build({"name": name})
    torch.manual_seed(0)
    first = corrupt(images, seeded(7))
    torch.manual_seed(1)
    state = torch.get_rng_state()
    second = corrupt(images, seeded(7))
    assert all(one.equal(other) for one, other in zip(first, second, strict=True))
    assert torch.get_rng_state().equal(state)


@pytest.mark.parametrize("name", CORRUPTIONS)
@given(
    count=st.integers(1, 4),
    channels=st.sampled_from([1, 3]),
    height=st.integers(1, 33),
    width=st.integers(1, 33),
    lit=st.floats(0, 1),
    seed=st.integers(0, 2**31),
    data=st.data(),
)
def test_every_corruption_keeps_its_contract_at_any_size(name, count, channels, height, width, lit, seed, data):
    """Of any images: black, white, and of strokes that cover any part of them."""
    values = {
        "Pixels": st.integers(1, min(height, width)),
        "PositiveInt": st.integers(1, 9),
        "NonNegativeFloat": st.floats(0, 1_000_000),
        "Fraction": st.floats(0, 1),
        "Quadrants": st.integers(1, 3),
        "bool": st.booleans(),
    }
    parameters = {
        key: data.draw(values[kind]) for key, (kind, _) in part_checks.parameters("corruptions", name).items()
    }
    images = torch.rand(count, channels, height, width, generator=seeded(seed))
    images = images.where(torch.rand(images.shape, generator=seeded(seed + 1)) < lit, 0)
    corrupt, before = corruptions.build({"name": name} | parameters), images.clone()
    corrupted, mask = corrupt(images, seeded(seed))
    assert images.equal(before)
    assert (corrupted.shape, corrupted.dtype) == (images.shape, torch.float32)
    assert (mask.shape, mask.dtype) == ((count, 1, height, width), torch.bool)
    assert corrupted.where(~mask, 0).equal(images.where(~mask, 0))
    assert 0 <= corrupted.min() <= corrupted.max() <= 1
    again = corrupt(images, seeded(seed))
    assert again[0].equal(corrupted)
    assert again[1].equal(mask)
    if name == "stroke_hole":
        assert mask.flatten(1).sum(dim=1).tolist() == [parameters["size"] ** 2] * count
        assert not corrupted.masked_select(mask).any()


@pytest.mark.parametrize("name", ["gaussian_noise", "missing_pixels", "stroke_hole"])
def test_different_seeds_corrupt_differently(name):
    images, corrupt = some_images(20, (1, 28, 28)), corruptions.build({"name": name})
    assert not corrupt(images, seeded(1))[0].equal(corrupt(images, seeded(2))[0])


@pytest.mark.parametrize("sigma", [0.02, 0.1])
def test_noise_has_its_standard_deviation_and_no_bias_where_it_is_not_clipped(sigma):
    images = torch.full((20, 1, 100, 100), 0.5)
    corrupted, _ = corruptions.build({"name": "gaussian_noise", "sigma": sigma})(images, seeded(0))
    noise = corrupted - images
    assert noise.std().item() == pytest.approx(sigma, rel=0.01)
    assert abs(noise.mean().item()) < 5 * sigma / noise.numel() ** 0.5
    correlation = torch.corrcoef(torch.stack([noise[..., :-1].flatten(), noise[..., 1:].flatten()]))[0, 1]
    assert abs(correlation) < 0.02


def test_noise_is_clipped_to_the_range_of_images_and_hides_every_pixel():
    images = torch.tensor([0.0, 1.0]).reshape(2, 1, 1, 1).repeat(1, 3, 40, 40)
    corrupted, mask = corruptions.build({"name": "gaussian_noise", "sigma": 0.5})(images, seeded(0))
    assert (corrupted.min(), corrupted.max()) == (0, 1)
    assert (corrupted == images).float().mean().item() == pytest.approx(0.5, abs=0.03)
    assert mask.all()


@pytest.mark.parametrize("size", [1, 2, 5, 6, 9])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_hole_is_one_square_of_its_size_set_to_black(size, shape):
    images = some_images(30, shape).add_(0.05)
    corrupted, mask = corruptions.build({"name": "stroke_hole", "size": size})(images, seeded(0))
    assert mask.flatten(1).sum(dim=1).tolist() == [size * size] * 30
    assert mask.any(dim=2).sum(dim=2).flatten().tolist() == [size] * 30
    assert mask.any(dim=3).sum(dim=2).flatten().tolist() == [size] * 30
    assert not corrupted.masked_select(mask).any()


@pytest.mark.parametrize("size", [1, 4, 5, 6])
def test_hole_is_centred_on_a_stroke_pixel_wherever_it_was_not_moved_inside(size):
    height, width = 28, 24
    images = some_images(200, (1, height, width), seed=4)
    _, masks = corruptions.build({"name": "stroke_hole", "size": size})(images, seeded(0))
    inside = 0
    for image, mask in zip(images[:, 0], masks[:, 0], strict=True):
        top, left = mask.nonzero()[0].tolist()
        if 0 < top < height - size and 0 < left < width - size:
            inside += 1
            assert image[top + size // 2, left + size // 2] > 0
    assert inside > 50


@pytest.mark.parametrize(
    ("pixel", "corner"),
    [((0, 0), (0, 0)), ((0, 13), (0, 9)), ((11, 0), (7, 0)), ((11, 13), (7, 9)), ((1, 6), (0, 4)), ((6, 6), (4, 4))],
)
def test_hole_that_would_leave_the_image_is_moved_inside(pixel, corner):
    assert hole(one_lit_pixel(*pixel), size=5) == corner


def test_hole_of_an_even_size_has_its_centre_right_of_and_below_the_middle():
    assert hole(one_lit_pixel(6, 7), size=4) == (4, 5)


@pytest.mark.parametrize("size", [3, 6])
def test_hole_in_an_image_without_a_stroke_is_in_its_middle(size):
    height, width = 20, 24
    assert hole(torch.zeros(1, 1, height, width), size) == (height // 2 - size // 2, width // 2 - size // 2)


def test_a_faint_pixel_of_any_channel_belongs_to_the_stroke():
    image = torch.zeros(1, 3, 11, 11)
    image[0, 2, 4, 5] = 1 / 255
    assert hole(image, size=1) == (4, 5)


def test_hole_is_drawn_uniformly_from_the_stroke():
    image = torch.zeros(1, 1, 10, 10)
    stroke = [(0, 0), (0, 9), (3, 2), (3, 3), (3, 4), (5, 5), (8, 1), (9, 9)]
    for brightness, (row, column) in enumerate(stroke, start=1):
        image[0, 0, row, column] = brightness / 10
    draws = 8000
    _, mask = corruptions.build({"name": "stroke_hole", "size": 1})(image.expand(draws, -1, -1, -1), seeded(0))
    counts = mask.sum(dim=0)[0].numpy()
    drawn = np.array([counts[pixel] for pixel in stroke])
    assert drawn.sum() == draws
    expected = draws / len(stroke)
    chi_square = ((drawn - expected) ** 2 / expected).sum()
    assert chi_square < 24.3  # 7 degrees of freedom, p = 0.001


@pytest.mark.parametrize("shape", [(12, 14), (14, 12)])
def test_hole_that_is_larger_than_the_image_is_refused(shape):
    with pytest.raises(ValueError, match="size"):
        corruptions.build({"name": "stroke_hole", "size": 13})(torch.zeros(1, 1, *shape), seeded(0))


@pytest.mark.parametrize(
    ("shape", "size", "corner"),
    [((28, 28), 14, (7, 7)), ((28, 28), 1, (13, 13)), ((12, 15), 5, (3, 5)), ((11, 20), 11, (0, 4))],
)
def test_the_central_hole_is_a_square_in_the_middle_of_every_image(shape, size, corner):
    images = torch.full((2, 3, *shape), 0.5)
    corrupted, mask = corruptions.build({"name": "central_hole", "size": size})(images, seeded(0))
    expected = torch.zeros(2, 1, *shape, dtype=torch.bool)
    top, left = corner
    expected[:, :, top : top + size, left : left + size] = True
    assert mask.equal(expected)
    assert corrupted.equal(torch.where(expected, 0, images))


@pytest.mark.parametrize(("size", "shape"), [(13, (12, 14)), (13, (14, 12)), (0, (12, 12))])
def test_a_central_hole_that_does_not_fit_is_refused(size, shape):
    with pytest.raises(ValueError, match=f"central_hole: size is {size}; it must be 1 to 12"):
        corruptions.build({"name": "central_hole", "size": size})(torch.zeros(1, 1, *shape), seeded(0))


@pytest.mark.parametrize(
    ("observed", "picture"),
    [(1, ["###", "###", ".##", ".##", ".##"]), (2, [".##"] * 5), (3, ["...", "...", ".##", ".##", ".##"])],
)
def test_quadrants_are_those_of_pyros_example(observed, picture):
    """A dot is a pixel that is seen; the image has an odd height and width."""
    images = torch.full((2, 1, 5, 3), 0.5)
    corrupted, mask = corruptions.build({"name": "quadrants", "observed": observed})(images, seeded(0))
    expected = torch.tensor([[pixel == "#" for pixel in row] for row in picture]).expand(2, 1, 5, 3)
    assert mask.equal(expected)
    assert corrupted.equal(torch.where(expected, 0, images))


@pytest.mark.parametrize("observed", [0, 4])
def test_another_number_of_quadrants_is_refused(observed):
    with pytest.raises(ValueError, match=f"quadrants: observed is {observed}; it must be 1, 2 or 3"):
        corruptions.build({"name": "quadrants", "observed": observed})(torch.zeros(1, 1, 8, 8), seeded(0))


@pytest.mark.parametrize("fraction", [0.0, 0.2, 0.5, 1.0])
def test_pixels_are_missing_independently_with_the_fraction(fraction):
    images = torch.full((400, 3, 20, 20), 0.5)
    corrupted, mask = corruptions.build({"name": "missing_pixels", "fraction": fraction})(images, seeded(0))
    spread = (fraction * (1 - fraction)) ** 0.5
    assert mask.float().mean().item() == pytest.approx(fraction, abs=4 * spread / 400)
    # At every place, in every image, and whatever the neighbour is.
    assert mask.float().mean(dim=0).sub(fraction).abs().max() <= 5 * spread / 400**0.5
    per_image = mask.flatten(1).float().mean(dim=1)
    assert per_image.std().item() == pytest.approx(spread / 20, rel=0.15)
    assert (mask[..., 1:] & mask[..., :-1]).float().mean().item() == pytest.approx(fraction**2, abs=0.01)
    assert corrupted.equal(torch.where(mask, 0, images))


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_what_a_corruption_says_that_it_hides_is_what_it_hides(name):
    hides = registry.constant("corruptions", name, "HIDES")
    _, mask = corruptions.build({"name": name})(some_images(5, (1, 28, 28)), seeded(0))
    assert hides == holes.hides(mask)


def test_the_stored_sets_are_8_bit_differ_by_split_and_are_the_same_twice(tmp_path, strokes):
    images, labels = strokes(6)
    splits = {
        f"{split}_{part}": array
        for split in ("validation", "test")
        for part, array in (("images", images), ("labels", labels))
    }
    artifacts.write_npz(tmp_path / "dataset.npz", **splits, classes=4)
    job = {"corruption": {"name": "gaussian_noise", "sigma": 0.1}, "seed": 3}
    stored = []
    for folder in ("first", "second"):
        outputs = {split: tmp_path / folder / f"{split}.npz" for split in ("validation", "test")}
        corrupt_script.main(job, tmp_path / "dataset.npz", outputs)
        stored.append(outputs)
    assert stored[0]["test"].read_bytes() == stored[1]["test"].read_bytes()
    validation, test = (artifacts.read_npz(stored[0][split], "corrupted", "mask") for split in ("validation", "test"))
    assert (test[0].shape, test[0].dtype, test[1].dtype) == (images.shape, np.uint8, bool)
    assert not np.array_equal(test[0], validation[0])
    assert 10 < np.abs(test[0].astype(float) - images)[(images > 60) & (images < 195)].std() < 30


def test_stored_images_are_rounded_to_the_nearest_grey(tmp_path):
    images = np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16)
    artifacts.write_npz(tmp_path / "dataset.npz", test_images=images, test_labels=np.zeros(1, np.int64), classes=1)
    noise = {"name": "gaussian_noise", "sigma": 0.1}
    corrupt_script.main({"corruption": noise, "seed": 3}, tmp_path / "dataset.npz", {"test": tmp_path / "test.npz"})
    exact, _ = corruptions.build(noise)(torch.from_numpy(images) / 255, seeded(derived_seed(3, "corrupt", "test")))
    (stored,) = artifacts.read_npz(tmp_path / "test.npz", "corrupted")
    assert np.abs(stored - 255 * exact.numpy()).max() <= 0.5
