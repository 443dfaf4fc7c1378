"""The cost of computing a restoration: the multiply-adds of its matrix products and convolutions.

The formulas are torch's own. Its FlopCounterMode is the public way, but loads torch's compiler, which takes 0.9 s of
each job. So a counter of our own stands in its place, where torch has the private class that it is made of.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode, flop_registry, mm_flop, register_flop_formula

from restoration.data.dataset_files import Images
from restoration.data.device import batches
from restoration.evaluation.scoring import Restorer
from restoration.models import linear

COUNTED = 8  # images that multiply-adds are counted on

try:
    from torch.utils._python_dispatch import TorchDispatchMode
except ImportError:
    Counter: Any = None
else:

    class Counter(TorchDispatchMode):  # type: ignore[no-redef]
        """While it is entered, `operations` counts what matrix products and convolutions compute."""

        def __init__(self) -> None:
            super().__init__()
            self.operations = 0

        @classmethod
        def _should_skip_dynamo(cls) -> bool:
            """Return False: to be skipped by torch's compiler, a mode would load the compiler."""
            return False

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            result = func(*args, **(kwargs or {}))
            if formula := flop_registry.get(func.overloadpacket):
                self.operations += formula(*args, **(kwargs or {}), out_val=result)
            return result


class _NoModules:
    """Stands in for FlopCounterMode's tracker of modules, which fails inside torch.autograd.grad."""

    parents = ("Global",)

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


if linear.PRODUCT:  # which torch's own table of formulas lacks
    register_flop_formula(linear.PRODUCT)(lambda values, weight, *_, **__: mm_flop(values, weight[::-1]))


def multiply_adds(restore: Restorer, images: Images) -> int:
    """Return the multiply-adds that one image's restoration takes, gradients included. The same on every machine."""
    _, corrupted, mask, labels = next(batches(*images.subset(slice(COUNTED))))
    return round(count(lambda: restore(corrupted, mask, labels)) / len(labels))


@torch.no_grad()
def count(act: Callable[[], object]) -> float:
    """Run `act`, and return how many multiplications, each with an addition, it takes. Gradients count as well."""
    if Counter is None:
        public = FlopCounterMode(display=False)
        public.mod_tracker = _NoModules()  # type: ignore[assignment]
        with public:
            act()
        return public.get_total_flops() / 2
    with Counter() as counter:
        act()
    return counter.operations / 2
