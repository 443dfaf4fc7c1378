"""The visible pixels in inferences by gradient: how much each counts, and how the hole is joined to them.

Source: Yeh et al., "Semantic Image Inpainting with Deep Generative Models", 2017, arXiv:1607.07539: the weights of
equation 3, and the blending of section 3.4 (Perez, Gangnet and Blake, "Poisson image editing", 2003).
"""

import torch
from torch.nn import functional

from restoration.data.holes import hidden_whole

SETTLED = 1e-6  # the share of an image's first residual at which its equations count as solved


def weights(mask: torch.Tensor, window: int, near: float, far: float) -> torch.Tensor:
    """Return how much each pixel's value counts, float (B, 1, H, W); 0 where the pixel is hidden.

    A visible pixel counts `far`, plus `near` times the hidden share of the `window` x `window` pixels around it: pixels
    near the hole tell more about it, and a decoder that cannot fit all pixels shall fit those. In an image that is
    hidden as a whole, by noise, all pixels count 1. mask: bool (B, 1, H, W), True where hidden; window: odd.
    """
    hidden = mask.float()
    around = functional.avg_pool2d(hidden, window, stride=1, padding=window // 2)
    counted = (far + near * around) * (1 - hidden)
    return torch.where(hidden_whole(mask), torch.ones_like(counted), counted)


def blended(restored: torch.Tensor, corrupted: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Join the restored images (B, C, H, W) to the visible pixels.

    At visible pixels the restoration's error is subtracted; at hidden pixels, the harmonic function that continues the
    error. The hole keeps the restoration's gradients (Poisson's equation), and its edge meets the visible pixels. An
    image that is hidden as a whole stays as it is.
    """
    error = (corrupted - restored).masked_fill(mask, 0)
    joined = (restored + harmonic(error, mask & ~hidden_whole(mask))).clamp(0, 1)
    return torch.where(hidden_whole(mask), restored, joined)


def harmonic(values: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
    """Replace the values (B, C, H, W) at hidden pixels by the harmonic function that continues the others.

    Each hidden pixel becomes the mean of its up to four neighbours. hidden: bool (B, 1, H, W), which must leave one
    pixel of each image visible; an image without a hole stays as it is.

    By conjugate gradients (Hestenes and Stiefel, 1952), scaled by the number of neighbours. Each image and channel goes
    on until its own residual has fallen to SETTLED of the first, so that the result does not depend on the batch. For
    28 x 28 pixels the solution is then exact to 1e-5 of the values' range, even where a single quadrant is visible.
    """
    batch, channels, _, width = values.shape
    pixels, near, real = _numbered(hidden.flatten(1), width)
    cross = torch.tensor([[0.0, 1, 0], [1, 0, 1], [0, 1, 0]])[None, None]
    degree = functional.conv2d(torch.ones_like(values[:1, :1]), cross, padding=1).flatten()[pixels][:, None]
    pixels, near = (index[:, None].expand(-1, channels, -1) for index in (pixels, near))
    known = values.masked_fill(hidden, 0).flatten(0, 1)[:, None]
    around = functional.conv2d(known, cross, padding=1).view(batch, channels, -1)

    def dot(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        return (one * other).sum(dim=2, keepdim=True)

    residual = around.gather(2, pixels) * real
    solution = torch.zeros_like(residual)
    direction = residual / degree
    size = dot(residual, direction)
    settled = SETTLED**2 * size
    for _ in range(residual.shape[2]):  # without rounding no image needs more steps than it has hidden pixels
        going = size > settled
        if not going.any():
            break
        neighbours = functional.pad(direction, (0, 1)).gather(2, near).unflatten(2, (-1, 4)).sum(dim=3)
        product = (degree * direction - neighbours) * real
        step = torch.where(going, size / dot(direction, product), 0)
        solution += step * direction
        residual -= step * product
        scaled = residual / degree
        before, size = size, torch.where(going, dot(residual, scaled), size)
        direction = torch.where(going, scaled + size / before * direction, direction)
    own = values.flatten(2)
    filled = torch.where(real, solution, own.gather(2, pixels))
    return own.scatter(2, pixels, filled).view_as(values)


def _numbered(hidden: torch.Tensor, width: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Enumerate the hidden pixels (B, H W) of images, of which K at most are hidden.

    Returns the pixels, int64 (B, K), filled up with visible ones; the numbers in that row of each pixel's four
    neighbours, (B, 4 K), K for a neighbour that is visible or outside; and where the row is not filled up, bool (B, 1,
    K).
    """
    count = hidden.sum(dim=1)
    most = int(count.max())
    pixels = torch.argsort(~hidden, dim=1, stable=True)[:, :most]
    numbers = (hidden.cumsum(dim=1) - 1).masked_fill(~hidden, most).unflatten(1, (-1, width))
    framed = functional.pad(numbers, (1, 1, 1, 1), value=most).flatten(1)
    line = width + 2
    places = (pixels // width + 1) * line + pixels % width + 1
    near = framed.gather(1, (places[..., None] + torch.tensor([-line, -1, 1, line])).flatten(1))
    return pixels, near, (torch.arange(most) < count[:, None])[:, None]
