"""What a restoration costs to compute: the multiply-adds of its matrix products and convolutions."""

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry, mm_flop, register_flop_formula

from restoration.data.dataset_files import Images
from restoration.data.tensors import batches
from restoration.evaluation.scoring import Restorer
from restoration.models import linear

COUNTED = 8  # images that multiply-adds are counted on


def _product_operations(values_shape: tuple, weight_shape: tuple, *_: Any, **__: Any) -> int:
    """Count the operations of linear.product, for which torch has no formula."""
    return int(mm_flop(values_shape, weight_shape[::-1]))


if linear.exists():
    register_flop_formula(torch.ops.mkldnn._linear_pointwise)(_product_operations)


class Counter(TorchDispatchMode):
    """A context that adds up in `operations` what is computed inside, by torch's own formulas.

    torch.utils.flop_counter.FlopCounterMode does the same, but also follows modules, which fails inside
    torch.autograd.grad.
    """

    def __init__(self) -> None:
        super().__init__()
        self.operations = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Return False: with True, torch would load its compiler (0.9 s), which nothing here uses."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if formula := flop_registry.get(func.overloadpacket):
            self.operations += formula(*args, **(kwargs or {}), out_val=result)
        return result


@torch.no_grad()
def multiply_adds(restore: Restorer, images: Images) -> int:
    """Return the multiply-adds that one image's restoration takes, gradients included. The same on every machine."""
    _, corrupted, mask, labels = next(batches(*images.subset(slice(COUNTED))))
    with Counter() as counter:
        restore(corrupted, mask, labels)
    return round(counter.operations / 2 / len(labels))
