"""What may be seen of a corrupted image."""

import torch


def observed(corrupted: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The corrupted image (B, C, H, W) with 0 for what is hidden, whatever stood there; mask: bool (B, 1, H, W).

    Where all of an image is hidden, as under noise, no pixel is known exactly, and it is left as it is.
    """
    whole = mask.flatten(1).all(dim=1)[:, None, None, None]
    return corrupted.masked_fill(mask & ~whole, 0)
