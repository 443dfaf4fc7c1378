"""Adam, and the schedules of its learning rate."""

import math
from collections.abc import Iterable
from typing import Any

import torch

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8  # torch's defaults, and the paper's
WARM_UP = 0.05  # the share of a training in which the learning rate rises
FUSED = getattr(torch, "_fused_adam_", None)  # a private name; without it, `_plain_step` takes its place


def factor(schedule: str, progress: float) -> float:
    """Return the factor of the learning rate when `progress`, from 0 to 1, of the training is done.

    `cosine` rises linearly over the first 5 % and falls to 0 along half a cosine (Loshchilov and Hutter, 2017,
    arXiv:1608.03983, equation 5, without restarts); `constant` is 1.
    """
    if schedule == "constant":
        return 1.0
    return min(1.0, (progress + 1e-3) / WARM_UP) * half_cosine(progress)


def half_cosine(progress: float) -> float:
    """Fall from 1 to 0 as `progress` goes from 0 to 1."""
    return 0.5 * (1 + math.cos(math.pi * progress))


class Adam:
    """Adam (Kingma and Ba, 2015, arXiv:1412.6980, algorithm 1) on `parameters`, with one kernel call a step.

    The kernel is that of torch.optim.Adam, and the weights are the same to the bit. torch's class is not used because
    it loads torch's compiler, 0.9 s of each of many short jobs, and counts the steps of each parameter separately.

    `learning_rate` may change between steps. decay: weight decay times the learning rate, as in AdamW (Loshchilov and
    Hutter, 2019, arXiv:1711.05101, algorithm 2), but not for vectors, which are offsets and scales. `state`: all else
    that the next step depends on.
    """

    def __init__(
        self, parameters: Iterable[torch.Tensor], learning_rate: float, beta1: float = BETA1, decay: float = 0.0
    ) -> None:
        self.parameters, self.beta1, self.decay = list(parameters), beta1, decay
        self.rate: float | torch.Tensor = learning_rate
        if self.parameters[0].is_cuda:
            self.rate = torch.tensor(learning_rate)  # a captured step reads the next rate there
        assert all(values.is_contiguous() for values in self.parameters)
        self.means = [torch.zeros_like(values) for values in self.parameters]  # decaying means of the gradients
        self.squares = [torch.zeros_like(values) for values in self.parameters]
        self.steps = torch.zeros(())

    @property
    def learning_rate(self) -> float:
        return float(self.rate)

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        if isinstance(self.rate, torch.Tensor):
            self.rate.fill_(value)
        else:
            self.rate = value

    @property
    def state(self) -> dict[str, Any]:
        return {"means": self.means, "squares": self.squares, "steps": self.steps}

    def load(self, state: dict[str, Any]) -> None:
        """Resume from the `state` of another Adam of the same parameters."""
        device = self.steps.device
        self.means, self.squares = ([values.to(device) for values in state[name]] for name in ("means", "squares"))
        self.steps = state["steps"].to(device)

    def step(self, gradients: Iterable[torch.Tensor]) -> None:
        """Take one step by the gradients of the parameters, in their order."""
        with torch.no_grad():
            if self.decay:
                for values in self.parameters:
                    if values.ndim > 1:
                        values.mul_(1 - self.rate * self.decay)
            self.steps.add_(1)
            # A convolution's gradient may have another memory layout than its weights, which the kernel requires.
            alike = [gradient.contiguous() for gradient in gradients]
            if FUSED is None:
                self._plain_step(alike)
                return
            FUSED(
                self.parameters,
                alike,
                self.means,
                self.squares,
                [],
                [self.steps] * len(self.parameters),
                amsgrad=False,
                beta1=self.beta1,
                beta2=BETA2,
                lr=self.rate,
                weight_decay=0.0,
                eps=EPSILON,
                maximize=False,
            )

    def _plain_step(self, gradients: list[torch.Tensor]) -> None:
        """Take the kernel's step by torch's public operations. The result differs by rounding."""
        steps = self.steps.double()
        for values, gradient, mean, square in zip(self.parameters, gradients, self.means, self.squares, strict=True):
            mean.lerp_(gradient, 1 - self.beta1)
            square.mul_(BETA2).addcmul_(gradient, gradient, value=1 - BETA2)
            deviation = (square / (1 - BETA2**steps)).sqrt_().add_(EPSILON)
            values.sub_(self.rate / (1 - self.beta1**steps) * mean / deviation)
