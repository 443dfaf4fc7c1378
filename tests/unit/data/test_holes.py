import pytest
import torch

from restoration.data import holes

NOTHING, ALL = torch.zeros(2, 1, 3, 3, dtype=torch.bool), torch.ones(2, 1, 3, 3, dtype=torch.bool)
CORNER = NOTHING.clone()
CORNER[:, :, 0, 0] = True
MIXED = torch.cat([CORNER[:1], ALL[:1], NOTHING[:1]])


@pytest.mark.parametrize(("mask", "kind"), [(NOTHING, "none"), (CORNER, "some"), (MIXED, "some"), (ALL, "all")])
def test_a_hole_is_something_that_is_hidden_but_not_everything(mask, kind):
    for values in (mask, mask.numpy()):
        assert holes.hides(values) == kind
        assert holes.has_hole(values) is (kind == "some")


def test_visible_pixels_are_seen_and_all_of_an_image_that_is_hidden_as_a_whole():
    for values in (MIXED, MIXED.numpy()):
        assert holes.hidden_whole(values).flatten().tolist() == [False, True, False]
    images = torch.rand(3, 3, 3, 3)
    before = images.clone()
    assert holes.observed(images, MIXED).equal(torch.cat([images[:1] * ~CORNER[:1], images[1:]]))
    assert holes.informative(MIXED).equal(torch.cat([~CORNER[:1], ALL]))
    assert images.equal(before)
