import pytest
import torch

from restoration.models import conv_blocks
from restoration.models.conv_blocks import FACTOR, Down, ResidualBlock, Up


@pytest.fixture(autouse=True)
def same_weights() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 20, 24), (1, 7, 9), (2, 4, 1)], ids=str)
def test_padding_adds_zeros_below_and_to_the_right_up_to_a_multiple(shape):
    image = torch.rand(2, *shape) + 0.1
    padded = conv_blocks.padded(image)
    height, width = padded.shape[-2:]
    assert height % FACTOR == width % FACTOR == 0
    assert height - shape[1] < FACTOR > width - shape[2]
    assert padded[..., : shape[1], : shape[2]].equal(image)
    assert padded.count_nonzero() == image.numel()
    assert conv_blocks.coarse_size(shape) == (height // FACTOR, width // FACTOR)


@torch.no_grad()
@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("planes", [1, 4])
def test_the_way_down_halves_twice_and_the_way_up_doubles_twice(planes, depth):
    image = torch.rand(2, planes, 12, 20)
    down, up = Down(planes, 6, depth).eval(), Up(planes, 6, depth, besides=planes).eval()
    fine, coarse = down(image)
    assert fine.shape == (2, 6, 6, 10)
    assert coarse.shape == (2, 12, 3, 5)
    assert up(coarse, fine, image).shape == image.shape
    assert Up(3, 6, depth).eval()(coarse).shape == (2, 3, 12, 20)


@torch.no_grad()
def test_the_way_up_uses_the_fine_features_and_what_it_is_given_besides():
    image, other = torch.rand(2, 2, 1, 8, 8)
    down, up = Down(1, 6, 1).eval(), Up(1, 6, 1, besides=1).eval()
    fine, coarse = down(image)
    restored = up(coarse, fine, image)
    assert not up(coarse, down(other)[0], image).equal(restored)
    assert not up(coarse, fine, other).equal(restored)
    assert not up(down(other)[1], fine, image).equal(restored)


@torch.no_grad()
def test_depth_is_the_number_of_residual_blocks_and_half_as_many_at_the_finer_resolution():
    for depth, fine in ((1, 1), (2, 1), (3, 2), (4, 2)):
        down = Down(1, 6, depth)
        counts = [sum(isinstance(part, ResidualBlock) for part in way) for way in (down.fine, down.coarse)]
        assert counts == [fine, depth]


@torch.no_grad()
def test_a_residual_block_adds_what_two_convolutions_see_to_what_it_got():
    block, features = ResidualBlock(5).eval(), torch.randn(1, 5, 9, 9)
    added = block(features) - features
    assert added.shape == features.shape
    assert added.abs().max() > 0
    changed = features.clone()
    changed[..., 0, 0] += 1
    reached = (block(changed) - changed - added).abs().amax(dim=(0, 1)) > 1e-6
    assert reached[:3, :3].any()
    assert not reached[3:].any()
    assert not reached[:, 3:].any()
    last = [part for part in block.modules() if isinstance(part, torch.nn.Conv2d)][-1]
    for weights in last.parameters():
        weights.zero_()
    assert block(features).equal(features)
