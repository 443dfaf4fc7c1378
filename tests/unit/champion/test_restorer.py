from pathlib import Path

import numpy as np
import pytest
import restore
from helpers import quick
from PIL import Image

from restoration.champion import pyfunc_model, restorer
from restoration.champion.restorer import Restorer
from restoration.comparison import champion_choice
from restoration.core import artifacts
from restoration.core.errors import DamagedFile, UserError
from restoration.models import model_file

SHAPE = (1, 12, 12)
METHODS = [
    ("ae", "encode"),
    ("cvae_incomplete", "best_prior"),
    ("vae", "map_latent"),
    ("vae", "posterior_mean"),
    ("cvae_label", "inferred_label"),
    ("unet", "encode"),
]


@pytest.fixture
def damaged(strokes):
    """Five images, uint8 (5, 1, 12, 12), of which the last is whole, and what is hidden of them."""
    images = strokes(5)[0].copy()
    mask = np.zeros((5, 1, 12, 12), bool)
    for number in range(4):
        mask[number, 0, 2 + number : 6 + number, 3:8] = True
    images[mask] = 0
    return images, mask


def used(build_model, variant="vae", method="encode", takes_mask=True, shape=SHAPE):
    return Restorer(build_model(variant, shape=shape), method, quick(method), 3, takes_mask)


@pytest.mark.parametrize(("named", "method"), METHODS)
def test_what_an_image_becomes_depends_on_no_other(named, method, build_model, damaged):
    images, mask = damaged
    restore = used(build_model, named, method)
    together = restore.restore(images, mask)
    alone = [restore.restore(images[[at]], mask[[at]])[0] for at in (3, 0, 4, 1, 2)]
    np.testing.assert_array_equal(together[[3, 0, 4, 1, 2]], alone)
    assert together.dtype == np.uint8
    assert (together != images)[mask].any()


@pytest.mark.parametrize(("named", "method"), METHODS)
def test_only_what_is_hidden_changes_and_nothing_looks_under_it(named, method, build_model, damaged):
    images, mask = damaged
    restore = used(build_model, named, method)
    restored = restore.restore(images, mask)
    np.testing.assert_array_equal(restored[~mask], images[~mask])
    noise = np.random.default_rng(0).integers(0, 256, images.shape, dtype=np.uint8)
    np.testing.assert_array_equal(restore.restore(np.where(mask, noise, images), mask), restored)


def test_without_holes_whole_images_are_restored(build_model, strokes):
    images = strokes(3)[0]
    restored = used(build_model, "ae", takes_mask=False).restore(images)
    assert (restored != images).mean() > 0.5


def test_images_of_colour_need_not_be_square(build_model, strokes):
    images, shape = strokes(3, (3, 12, 14))[0], (3, 12, 14)
    mask = np.zeros((3, 1, 12, 14), bool)
    mask[:, :, 4:8, 2:9] = True
    restore = used(build_model, shape=shape)
    restored = restore.restore(images, mask)
    np.testing.assert_array_equal(restored[:, :, ~mask[0, 0]], images[:, :, ~mask[0, 0]])
    seen = np.concatenate([images, np.where(mask, 0, 255).astype(np.uint8)], axis=1)
    for request, last in ((seen, False), (np.moveaxis(seen, 1, -1), True)):
        pixels, opacity, came_last = pyfunc_model.arranged(request, shape)
        assert came_last == last
        np.testing.assert_array_equal(pixels, images)
        np.testing.assert_array_equal(opacity < 255, mask)
    np.testing.assert_array_equal(
        pyfunc_model.Served(restore).predict(np.moveaxis(seen, 1, -1)), np.moveaxis(restored, 1, -1)
    )


def test_no_image_is_restored_to_none(build_model):
    nothing = np.zeros((0, *SHAPE), np.uint8)
    assert used(build_model).restore(nothing, np.zeros((0, *SHAPE), bool)).shape == (0, *SHAPE)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda images, mask: (images[..., 1:], mask), "the images are uint8 (5, 1, 12, 11); the model's are uint8"),
        (lambda images, mask: (images / 255, mask), "the images are float64 (5, 1, 12, 12)"),
        (lambda images, mask: (images, None), "the model fills holes: a mask must say where"),
        (lambda images, mask: (images, mask[1:]), "the mask is bool (4, 1, 12, 12); expected one value for each pixel"),
        (lambda images, mask: (images, mask.astype(int)), "the mask is int64 (5, 1, 12, 12)"),
        (lambda images, mask: (images, np.ones_like(mask)), "image 0: all of it is hidden; nothing is left to"),
    ],
)
def test_what_does_not_fit_is_refused(change, line, build_model, damaged):
    with pytest.raises(UserError) as refused:
        used(build_model).restore(*change(*damaged))
    assert str(refused.value).startswith(line)


def test_a_mask_where_nothing_is_hidden_is_refused(build_model, damaged):
    with pytest.raises(UserError, match="the model takes no mask"):
        used(build_model, takes_mask=False).restore(*damaged)


def test_an_inference_that_is_not_for_the_model_is_refused(build_model):
    with pytest.raises(UserError, match="inference 'best_prior' is not for network 'autoencoder'"):
        used(build_model, "ae", "best_prior")


@pytest.fixture
def folder(build_model, tmp_path):
    """A champion's file and its model's, as MLflow keeps them."""
    model_file.save(build_model("vae"), tmp_path / pyfunc_model.MODEL)
    figure = {"output": "pasted", "region": "hole", "measure": "mse", "mean": 0.2, "low": 0.1, "high": 0.3}
    figure |= {"seeds": 1, "images": 9}
    sha256 = artifacts.sha256(tmp_path / pyfunc_model.MODEL)
    of = {"variant": "vae", "loss": "bce", "seed": 3, "network": "vae", "model": "model.pt", "sha256": sha256}
    of |= {"identity": "", "run": "", "method": "map_latent", "parameters": quick("map_latent"), "figure": figure}
    champion_choice.write(
        tmp_path / pyfunc_model.CHAMPION, champion_choice.Champion(dataset="digits", task="holes", **of)
    )
    return tmp_path


def test_a_champion_restores_as_its_file_says(folder, build_model, damaged):
    loaded = restorer.load(folder / pyfunc_model.CHAMPION, folder / pyfunc_model.MODEL)
    expected = used(build_model, "vae", "map_latent").restore(*damaged)
    np.testing.assert_array_equal(loaded.restore(*damaged), expected)


def test_another_model_than_the_champions_is_refused(folder, build_model):
    model_file.save(build_model("vae", seed=1), folder / pyfunc_model.MODEL)
    with pytest.raises(DamagedFile, match="is not the model that"):
        restorer.load(folder / pyfunc_model.CHAMPION, folder / pyfunc_model.MODEL)
    champion_choice.write(folder / pyfunc_model.CHAMPION, None)
    with pytest.raises(UserError, match="the task has no champion"):
        restorer.load(folder / pyfunc_model.CHAMPION, folder / pyfunc_model.MODEL)


@pytest.mark.parametrize("fit", ["crop", "stretch"])
def test_pictures_of_any_size_are_restored_where_they_are_to_be_fitted(fit, folder, monkeypatch):
    monkeypatch.chdir(folder)
    Path("damaged").mkdir()
    picture = Image.new("LA", (31, 20), (120, 255))
    picture.paste((0, 0), (13, 8, 19, 14))
    picture.save("damaged/a.png")
    request = {"task": "holes", "images": "damaged", "masks": None, "output": "restored", "fit": fit}
    assert restore.main(request, pyfunc_model.CHAMPION) == 1
    restored = np.asarray(Image.open("restored/a.png"))
    assert restored.shape == SHAPE[1:]
    assert 30 < (restored == 120).sum() < 12 * 12
    with pytest.raises(UserError, match=r"a.png: has 20 x 31 pixels .* are needed; resize it, or have it done"):
        restore.main(request | {"fit": None}, pyfunc_model.CHAMPION)


def test_a_request_may_have_its_channels_first_or_last_and_be_transparent(folder, damaged):
    images, mask = damaged
    model = pyfunc_model._load_pyfunc(str(folder))
    expected = restorer.load(folder / pyfunc_model.CHAMPION, folder / pyfunc_model.MODEL).restore(images, mask)
    asked = {"images": images, "mask": mask[:, 0].astype(np.uint8) * 255}
    np.testing.assert_array_equal(model.predict(asked), expected)
    last = model.predict({"images": images.transpose(0, 2, 3, 1), "mask": mask[:, 0]})
    np.testing.assert_array_equal(last, expected.transpose(0, 2, 3, 1))
    opacity = np.where(mask, 254, 255).astype(np.uint8)
    seen = np.concatenate([images, opacity], axis=1)
    nothing = np.zeros((5, 12, 12), np.uint8)
    np.testing.assert_array_equal(model.predict({"images": seen, "mask": nothing}), expected)
    np.testing.assert_array_equal(model.predict(seen), expected)
    half = np.zeros_like(opacity)
    half[..., :5] = 255
    both = np.concatenate([images, np.where(mask & (half == 0), 0, 255).astype(np.uint8)], axis=1)
    np.testing.assert_array_equal(model.predict({"images": both, "mask": mask[:, 0] & (half[:, 0] > 0)}), expected)


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ({"images": np.zeros((2, 12, 13, 1), np.uint8)}, "the images are (2, 12, 13, 1); the model's have 12 x 12 pix"),
        ({"images": np.zeros((12, 12), np.uint8)}, "the images are (12, 12); the model's have"),
        ({"images": np.zeros((2, 12, 12, 1), np.uint8)}, "the model fills holes: a mask must say where"),
        (
            {"images": np.zeros((2, 12, 12, 1), np.uint8), "mask": np.zeros((1, 12, 12))},
            "the mask is (1, 12, 12); expected (2, 12, 12)",
        ),
    ],
)
def test_a_request_that_does_not_fit_is_told_so(asked, line, folder):
    from mlflow.exceptions import MlflowException

    with pytest.raises(MlflowException) as refused:
        pyfunc_model._load_pyfunc(str(folder)).predict(asked)
    assert refused.value.message.startswith(line)
    assert refused.value.get_http_status_code() == 400
