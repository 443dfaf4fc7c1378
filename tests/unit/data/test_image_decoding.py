import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from restoration.core.errors import UserError
from restoration.data import image_decoding


def encoded(image: Any, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def decoded(content: bytes, size: tuple[int, int] | None = None, fit: str = "crop") -> np.ndarray:
    return image_decoding.decode(content, "a.png", size, fit)


def refusal(content: bytes, size: tuple[int, int] | None = None) -> str:
    with pytest.raises(UserError) as caught:
        decoded(content, size)
    line = str(caught.value)
    assert line.startswith("'a.png': ")
    assert line.splitlines() == [line]
    return line


RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (12, 16, 3)).astype(np.uint8)
GREY = COLOUR[..., 0]
PHOTO = Image.fromarray(np.add.outer(np.arange(400), np.arange(600)).astype(np.uint8) // 4).convert("RGB")


def test_colour_has_three_channels_and_grey_one():
    np.testing.assert_array_equal(decoded(encoded(Image.fromarray(COLOUR))), COLOUR.transpose(2, 0, 1))
    np.testing.assert_array_equal(decoded(encoded(Image.fromarray(GREY))), GREY[None])


def test_a_palette_is_looked_up():
    palette = Image.fromarray(COLOUR // 128 * 255).quantize(8)
    assert palette.mode == "P"
    np.testing.assert_array_equal(decoded(encoded(palette)), (COLOUR // 128 * 255).transpose(2, 0, 1))


def test_black_and_white_is_grey():
    bits = Image.fromarray(GREY > 127)
    assert bits.mode == "1"
    np.testing.assert_array_equal(decoded(encoded(bits)), 255 * (GREY > 127)[None])


def test_of_16_bits_the_higher_8_are_kept():
    fine = GREY.astype(np.uint16) * 256 + 200
    assert Image.open(io.BytesIO(encoded(Image.fromarray(fine)))).mode == "I;16"
    np.testing.assert_array_equal(decoded(encoded(Image.fromarray(fine))), GREY[None])


def png(width: int, height: int, depth: int, rows: bytes) -> bytes:
    """A PNG in colour as Pillow does not write it."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_of_16_bits_in_colour_as_well():
    rows = (COLOUR.astype(np.uint16) * 256 + 200).astype(">u2")
    content = png(16, 12, 16, b"".join(b"\0" + row.tobytes() for row in rows))
    np.testing.assert_array_equal(decoded(content), COLOUR.transpose(2, 0, 1))


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_an_alpha_channel_that_hides_nothing_is_left_out(mode):
    image = Image.fromarray(COLOUR if mode == "RGBA" else GREY)
    image.putalpha(255)
    assert image.mode == mode
    np.testing.assert_array_equal(decoded(encoded(image)), COLOUR.transpose(2, 0, 1) if mode == "RGBA" else GREY[None])


def transparent(mode: str) -> Any:
    image = Image.fromarray(COLOUR if mode == "RGBA" else GREY)
    alpha = Image.new("L", (16, 12), 255)
    alpha.putpixel((3, 4), 254)
    image.putalpha(alpha)
    return image


@pytest.mark.parametrize(
    "content",
    [
        encoded(transparent("RGBA")),
        encoded(transparent("LA")),
        encoded(Image.fromarray(COLOUR).quantize(8), transparency=3),
        encoded(Image.fromarray(GREY), transparency=int(GREY[0, 0])),
        encoded(Image.fromarray(GREY.astype(np.uint16)), transparency=7),
    ],
    ids=["colour", "grey", "palette", "one grey level", "of 16 bits"],
)
def test_a_transparent_image_is_refused(content):
    assert refusal(content).endswith("parts of it are transparent; give it a background")


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_an_image_is_turned_as_its_camera_was(kind):
    upright = Image.fromarray(np.repeat(np.repeat(np.array([[0, 80], [160, 240]], np.uint8), 16, 0), 24, 1))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side
    options = {"exif": exif, **({"quality": 100} if kind == "JPEG" else {})}
    found = decoded(encoded(upright.transpose(Image.Transpose.ROTATE_90), kind, **options))
    assert found.shape == (1, 32, 48)
    np.testing.assert_allclose(found[0].astype(int), np.asarray(upright).astype(int), atol=3)


def test_a_jpeg_of_four_inks_is_brought_to_three_colours():
    ink = Image.new("CMYK", (16, 12), (0, 255, 255, 0))
    found = decoded(encoded(ink, "JPEG", quality=95))
    assert found.shape == (3, 12, 16)
    assert found[0].min() > 200
    assert found[1:].max() < 60


def test_cropping_keeps_the_middle_and_stretching_all():
    image = np.zeros((20, 60, 3), np.uint8)
    image[:, 20:40] = 255  # the middle third
    content = encoded(Image.fromarray(image))
    assert decoded(content, (20, 20)).min() == 255
    stretched = decoded(content, (20, 30), "stretch")
    assert stretched.shape == (3, 20, 30)
    assert stretched[0, 5].tolist() == pytest.approx([0] * 10 + [255] * 10 + [0] * 10, abs=30)


@pytest.mark.parametrize("fit", ["crop", "stretch"])
@pytest.mark.parametrize("size", [(11, 11), (24, 40), (40, 24), (128, 128)])
def test_any_image_gets_the_size_that_is_asked_for(size, fit):
    for content in (encoded(PHOTO, "JPEG"), encoded(PHOTO), encoded(Image.fromarray(GREY))):
        assert decoded(content, size, fit).shape[1:] == size


def test_a_photograph_that_is_decoded_at_a_part_of_its_size_looks_as_one_that_is_not():
    content = encoded(PHOTO, "JPEG", quality=95)
    small, whole = decoded(content, (24, 24)), decoded(encoded(Image.open(io.BytesIO(content))), (24, 24))
    assert not np.array_equal(small, whole)
    np.testing.assert_allclose(small.astype(int), whole.astype(int), atol=4)


JPEG = encoded(PHOTO, "JPEG")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        encoded(PHOTO)[:2000],
        JPEG[: len(JPEG) // 2],
        encoded(PHOTO)[:30],
        encoded(Image.fromarray(GREY), "GIF"),
        encoded(PHOTO).replace(b"IDAT", b"IDAX"),
    ],
    ids=["empty", "HTML", "a PNG cut", "a JPEG cut", "a head alone", "a GIF", "a damaged PNG"],
)
def test_what_is_no_whole_image_is_refused(content):
    assert "not a whole PNG or JPEG image (" in refusal(content, (24, 24))


def test_an_image_that_claims_to_be_enormous_is_refused_unread():
    assert "not a whole PNG or JPEG image (Image size (3600000000 pixels)" in refusal(
        png(60_000, 60_000, 8, b""), (24, 24)
    )


@pytest.mark.parametrize(
    ("size", "line"),
    [
        ((10, 40), "10 x 40 pixels (height x width); 11 x 11, the window of SSIM, are the least; set dataset.size"),
        ((20, 129), "20 x 129 pixels (height x width); 128 x 128 are the most for these networks; set dataset.size"),
    ],
)
def test_an_image_of_a_size_that_does_not_do_is_refused_unless_it_is_resized(size, line):
    content = encoded(Image.new("RGB", size[::-1]))
    assert line in refusal(content)
    assert decoded(content, (24, 24)).shape == (3, 24, 24)
