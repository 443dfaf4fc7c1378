"""Lightning: the same data and network, with its Trainer in the place of the loop."""

import logging
import warnings
from typing import Any

import lightning
import numpy as np
import torch

from benchmarks.contenders import LEARNING_RATE, Gate, Weights
from benchmarks.contenders.pictures import VAE, loader, loss, read, written

HOLES = True


class Module(lightning.LightningModule):
    def __init__(self, vae: VAE) -> None:
        super().__init__()
        self.vae = vae

    def training_step(self, batch: Any, number: int) -> torch.Tensor:
        (seen, target), _ = batch
        restored, mu, logvar = self.vae(seen)
        return loss(restored, target, mu, logvar)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=LEARNING_RATE)


class Turns(lightning.Callback):
    def __init__(self, gate: Gate) -> None:
        self.gate = gate

    def on_train_epoch_start(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        self.gate.open()

    def on_train_epoch_end(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        self.gate.close()


def train(
    images: np.ndarray, labels: np.ndarray, corruption: dict[str, Any], start: Weights, epochs: int, gate: Gate
) -> Weights:
    warnings.simplefilter("ignore")  # it advises more workers; all contenders have one thread
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    vae = VAE()
    read(vae, start)
    trainer = lightning.Trainer(
        accelerator="cpu",
        devices=1,
        max_epochs=epochs,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[Turns(gate)],
    )
    trainer.fit(Module(vae), loader(images, labels, corruption))
    return written(vae)
