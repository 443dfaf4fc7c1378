import numpy as np
import pytest
import torch

from restoration.data import holes

NOTHING, ALL = torch.zeros(2, 1, 3, 3, dtype=torch.bool), torch.ones(2, 1, 3, 3, dtype=torch.bool)
CORNER = NOTHING.clone()
CORNER[:, :, 0, 0] = True
MIXED = torch.cat([CORNER[:1], ALL[:1]])


@pytest.mark.parametrize(("mask", "kind"), [(NOTHING, "none"), (CORNER, "some"), (MIXED, "some"), (ALL, "all")])
def test_a_hole_is_something_that_is_hidden_but_not_everything(mask, kind):
    for values in (mask, mask.numpy()):
        assert holes.hides(values) == kind
        assert holes.has_hole(values) is (kind == "some")


def test_an_image_that_is_hidden_as_a_whole_is_seen_as_it_is_and_of_others_what_is_visible():
    assert holes.hidden_whole(MIXED).tolist() == holes.hidden_whole(MIXED.numpy()).tolist() == [[[[False]]], [[[True]]]]
    assert torch.equal(holes.telling(MIXED), torch.cat([~CORNER[:1], ALL[:1]]))
    images = torch.rand(2, 3, 3, 3)
    seen = holes.observed(images, MIXED)
    assert torch.equal(seen[0], images[0] * ~CORNER[0])
    assert torch.equal(seen[1], images[1])
    assert isinstance(holes.hidden_whole(np.ones((2, 1, 3, 3), bool)), np.ndarray)
