"""Adam, and the schedules of its learning rate."""

import math
from collections.abc import Iterable
from typing import Any

import torch

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8  # torch's defaults, and the paper's
WARM_UP = 0.05  # of a training, in which the learning rate rises


def factor(schedule: str, progress: float) -> float:
    """What the learning rate is multiplied with when `progress`, from 0 to 1, of the training is done.

    `cosine` rises linearly over the first 5 % and falls to 0 along half a cosine (Loshchilov and Hutter, 2017,
    arXiv:1608.03983, equation 5, without restarts); `constant` is 1.
    """
    if schedule == "constant":
        return 1.0
    return min(1.0, (progress + 1e-3) / WARM_UP) * half_cosine(progress)


def half_cosine(progress: float) -> float:
    """From 1 to 0 as `progress` goes from 0 to 1."""
    return 0.5 * (1 + math.cos(math.pi * progress))


class Adam:
    """Adam (Kingma and Ba, 2015, arXiv:1412.6980, algorithm 1) on `parameters`, by torch's fused kernel.

    torch's own kernel, and so torch.optim.Adam's weights to the bit; but not its class, which loads torch's compiler
    when it is made, 0.9 s of each of many short jobs, and counts the steps of each parameter by itself.

    `learning_rate` may be another in each step. decay: that share of the weights, times the learning rate, is taken off
    them before each step, but not off vectors, which are offsets and scales (Loshchilov and Hutter, 2019,
    arXiv:1711.05101, algorithm 2, AdamW). `state`: what the next step depends on besides.
    """

    def __init__(
        self, parameters: Iterable[torch.Tensor], learning_rate: float, beta1: float = BETA1, decay: float = 0.0
    ) -> None:
        self.parameters, self.beta1, self.decay = list(parameters), beta1, decay
        self.rate: float | torch.Tensor = learning_rate
        if self.parameters[0].is_cuda:
            self.rate = torch.tensor(learning_rate)  # where a captured step, too, finds the next one
        assert all(values.is_contiguous() for values in self.parameters)
        self.means = [torch.zeros_like(values) for values in self.parameters]  # of the gradients, decaying
        self.squares = [torch.zeros_like(values) for values in self.parameters]
        self.steps = torch.zeros(())  # how many were made

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
        """Go on from a `state` of the same parameters."""
        device = self.steps.device
        self.means, self.squares = ([values.to(device) for values in state[name]] for name in ("means", "squares"))
        self.steps = state["steps"].to(device)

    def step(self, gradients: Iterable[torch.Tensor]) -> None:
        """One step by the gradients of the parameters, in their order.

        A convolution's may lie in memory in another order than its weights; the kernel takes them as they lie.
        """
        with torch.no_grad():
            if self.decay:
                for values in self.parameters:
                    if values.ndim > 1:
                        values.mul_(1 - self.rate * self.decay)
            self.steps.add_(1)
            torch._fused_adam_(
                self.parameters,
                [gradient.contiguous() for gradient in gradients],
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
