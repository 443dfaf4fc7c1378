"""Lightning: the same data and network, with its Trainer in the place of the loop."""

import logging
import warnings
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import LambdaCallback

from benchmarks.contenders import LEARNING_RATE, Gate, Task, Weights
from benchmarks.contenders.pictures import VAE, loader, loss, read, written


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


def train(task: Task, gate: Gate) -> Weights:
    warnings.simplefilter("ignore")  # it advises more workers; all contenders have one thread
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    vae = VAE()
    read(vae, task.start)
    turns = LambdaCallback(on_train_epoch_start=lambda *_: gate.open(), on_train_epoch_end=lambda *_: gate.close())
    trainer = lightning.Trainer(
        accelerator="cpu",
        devices=1,
        max_epochs=task.epochs,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[turns],
    )
    trainer.fit(Module(vae), loader(task))
    return written(vae)
