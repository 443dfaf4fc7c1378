import io

import numpy as np
import pytest
from PIL import Image

from restoration.champion import picture_files
from restoration.core.errors import UserError
from restoration.data import image_decoding
from restoration.data.image_decoding import decode_with_opacity

RAMP = np.linspace(0, 255, 12 * 14).round().astype(np.uint8).reshape(12, 14)
COLOUR = np.stack([RAMP, RAMP[::-1], RAMP[:, ::-1]], axis=-1)
OPACITY = np.where(np.arange(14) < 5, np.uint8(254), np.uint8(255)) * np.ones((12, 1), np.uint8)


def encoded(picture) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def saved(folder, array, name="a.png", mode=None):
    path = folder / name
    picture = Image.fromarray(array)
    (picture.convert(mode) if mode else picture).save(path)
    return path


@pytest.mark.parametrize(
    ("array", "mode", "name"),
    [
        (RAMP, None, "a.png"),
        (RAMP, "RGB", "a.png"),
        (RAMP, "RGBA", "a.png"),
        (RAMP, "LA", "a.png"),
        (RAMP, "P", "a.png"),
        (RAMP, None, "a.bmp"),
        (RAMP, None, "a.tiff"),
    ],
)
def test_grey_is_read_as_it_is_however_it_was_saved(array, mode, name, tmp_path):
    pixels, hidden = decode_with_opacity(saved(tmp_path, array, name, mode), 1)
    np.testing.assert_array_equal(pixels, RAMP[None])
    assert pixels.dtype == np.uint8
    assert hidden.shape == (1, 12, 14)
    assert not hidden.any()


def test_colour_is_read_in_colour_and_as_grey(tmp_path):
    path = saved(tmp_path, COLOUR)
    np.testing.assert_array_equal(decode_with_opacity(path, 3)[0], COLOUR.transpose(2, 0, 1))
    np.testing.assert_array_equal(decode_with_opacity(saved(tmp_path, RAMP, "b.png"), 3)[0], np.stack([RAMP] * 3))
    luma = COLOUR @ [0.299, 0.587, 0.114]
    np.testing.assert_allclose(decode_with_opacity(path, 1)[0][0], luma, atol=1)


@pytest.mark.parametrize("array", [RAMP[..., None], COLOUR])
def test_what_is_not_opaque_is_hidden(array, tmp_path):
    path = saved(tmp_path, np.concatenate([array, OPACITY[..., None]], axis=2))
    pixels, hidden = decode_with_opacity(path, array.shape[2])
    np.testing.assert_array_equal(pixels, array.transpose(2, 0, 1))
    np.testing.assert_array_equal(hidden[0], OPACITY < 255)
    assert image_decoding.header(path) == ((12, 14), True)
    assert image_decoding.header(saved(tmp_path, array.squeeze())) == ((12, 14), False)


def test_a_transparent_colour_of_a_palette_is_hidden(tmp_path):
    picture = Image.new("P", (14, 12))
    picture.putpalette([0, 0, 0, 200, 200, 200])
    picture.paste(1, (0, 0, 7, 12))
    picture.save(tmp_path / "a.png", transparency=1)
    pixels, hidden = decode_with_opacity(tmp_path / "a.png", 1)
    np.testing.assert_array_equal(hidden[0], np.arange(14) < 7 * np.ones((12, 1)))
    assert pixels[0, 0].tolist() == [200] * 7 + [0] * 7


def test_a_mask_hides_where_it_is_light(tmp_path):
    np.testing.assert_array_equal(picture_files.read_mask(saved(tmp_path, RAMP)), RAMP[None] > 127)
    np.testing.assert_array_equal(picture_files.read_mask(saved(tmp_path, RAMP > 9)), RAMP[None] > 9)


def test_a_picture_is_turned_as_its_camera_was(tmp_path):
    exif = Image.Exif()
    exif[image_decoding.ORIENTATION] = 6  # the camera lay on its side
    Image.fromarray(RAMP).transpose(Image.Transpose.ROTATE_90).save(tmp_path / "a.png", exif=exif)
    assert image_decoding.header(tmp_path / "a.png") == ((12, 14), False)
    np.testing.assert_array_equal(decode_with_opacity(tmp_path / "a.png", 1)[0], RAMP[None])


NOTHING = np.zeros((1, 40, 60), bool)
NOISE = encoded(Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 60), dtype=np.uint8)))
LARGE = np.random.default_rng(0).integers(0, 256, (3, 40, 60), dtype=np.uint8)


@pytest.mark.parametrize("fit", ["crop", "stretch"])
def test_a_picture_of_another_size_is_fitted_as_the_images_of_a_training_are(fit, tmp_path):
    picture = LARGE // 2 + 64  # Pillow cuts what is beyond 0 and 255 after each of its two passes
    picture_files.write(tmp_path / "a.png", picture)
    expected = image_decoding.decode((tmp_path / "a.png").read_bytes(), "a.png", (16, 20), fit)
    found, hidden = picture_files.fitted(picture, NOTHING, (16, 20), fit)
    np.testing.assert_allclose(found.astype(int), expected.astype(int), atol=1)
    assert not hidden.any()
    assert found.dtype == np.uint8


@pytest.mark.parametrize("size", [(16, 20), (50, 90)])
def test_what_is_hidden_has_no_part_in_a_fitted_picture(size):
    hidden = NOTHING.copy()
    hidden[:, 10:21, 30:43] = True
    found, covered = picture_files.fitted(LARGE, hidden, size, "stretch")
    other, same = picture_files.fitted(np.where(hidden, 255 - LARGE, LARGE), hidden, size, "stretch")
    np.testing.assert_array_equal(found, other)
    np.testing.assert_array_equal(covered, same)
    share = hidden.mean() * covered.size
    assert share < covered.sum() < 2 * share
    white, _ = picture_files.fitted(np.full_like(LARGE, 200), hidden, size, "stretch")
    assert (white[:, ~covered[0]] == 200).all()


def test_a_picture_of_the_size_that_is_asked_for_is_left_as_it_is():
    found, hidden = picture_files.fitted(LARGE, NOTHING, (40, 60), "crop")
    assert found is LARGE
    assert hidden is NOTHING


@pytest.mark.parametrize("shape", [(1, 12, 14), (3, 12, 14)])
def test_what_is_written_is_read_again(shape, tmp_path):
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    picture_files.write(tmp_path / "new" / "a.png", image)
    np.testing.assert_array_equal(decode_with_opacity(tmp_path / "new" / "a.png", shape[0])[0], image)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.png"]


def test_pictures_are_found_by_name(tmp_path):
    for name in ("b.png", "a.JPG", ".hidden.png"):
        saved(tmp_path, RAMP, name)
    (tmp_path / "notes.txt").touch()
    (tmp_path / "folder.png").mkdir()
    assert picture_files.find(tmp_path, "restore.images") == {"a": tmp_path / "a.JPG", "b": tmp_path / "b.png"}


def test_the_sheet_has_both_of_each_pair():
    damaged = [np.full((1, 12, 14), 10 * number, np.uint8) for number in range(5)]
    restored = [np.full((1, 12, 14), 200 + number, np.uint8) for number in range(5)]
    hidden = [np.zeros((1, 12, 14), bool)] * 5
    hidden[1] = np.arange(14) * np.ones((1, 12, 1)) >= 7
    sheet = picture_files.pairs(damaged, hidden, restored)
    colours = [sheet[:, y, x].tolist() for y in (5, 99, 191) for x in (5, 92, 110, 220, 320)]
    white, orange = [255] * 3, picture_files.HIDDEN.tolist()
    assert colours[:5] == [[0] * 3, [0] * 3, [200] * 3, [10] * 3, [201] * 3]
    assert colours[5:10] == [[20] * 3, [20] * 3, [202] * 3, [30] * 3, [203] * 3]
    assert colours[10:] == [[40] * 3, [40] * 3, [204] * 3, white, white]
    assert (sheet == np.array(orange)[:, None, None]).all(axis=0).sum() == 12 * 7 * 7 * 7


@pytest.mark.parametrize(
    ("write", "line"),
    [
        (lambda path: path.write_bytes(b""), "is no picture that can be read"),
        (lambda path: path.write_text("<html>"), "is no picture that can be read"),
        (lambda path: Image.fromarray(RAMP.astype(np.uint16)).save(path), "has values of more than 8 bits (I;16)"),
        (lambda path: None, "is no picture that can be read ([Errno 2]"),
        (lambda path: path.write_bytes(NOISE[:1000]), "is no picture that can be read"),
    ],
)
def test_what_is_no_picture_is_refused(write, line, tmp_path):
    write(tmp_path / "a.png")
    with pytest.raises(UserError) as refused:
        decode_with_opacity(tmp_path / "a.png", 1)
    assert str(refused.value).startswith(f"{tmp_path / 'a.png'}: {line}")
