"""pythae: its VAE and its trainer, with the encoder and the decoder of the 784-400-20 VAE."""

import tempfile
from typing import Any

import pythae.models as library
import torch
from pythae.data.datasets import BaseDataset
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from pythae.trainers.training_callbacks import TrainingCallback

from benchmarks.contenders import BATCH, LATENT, LEARNING_RATE, Gate, Task, Weights
from benchmarks.contenders.pictures import VAE, read, written


class Encoder(BaseEncoder):
    def __init__(self, vae: VAE) -> None:
        super().__init__()
        self.vae = vae

    def forward(self, image: torch.Tensor) -> ModelOutput:
        mu, logvar = self.vae.encode(image)
        return ModelOutput(embedding=mu, log_covariance=logvar)


class Decoder(BaseDecoder):
    def __init__(self, vae: VAE) -> None:
        super().__init__()
        self.vae = vae

    def forward(self, latent: torch.Tensor) -> ModelOutput:
        return ModelOutput(reconstruction=self.vae.decode(latent).view(-1, 1, 28, 28))


class Turns(TrainingCallback):
    def __init__(self, gate: Gate) -> None:
        self.gate = gate

    def on_epoch_begin(self, training_config: Any, **_: Any) -> None:
        self.gate.open()

    def on_epoch_end(self, training_config: Any, **_: Any) -> None:
        self.gate.close()


def train(task: Task, gate: Gate) -> Weights:
    vae = VAE()
    read(vae, task.start)
    settings = library.VAEConfig(input_dim=(1, 28, 28), latent_dim=LATENT, reconstruction_loss="bce")
    with tempfile.TemporaryDirectory() as folder:
        config = BaseTrainerConfig(
            output_dir=folder,
            num_epochs=task.epochs,
            learning_rate=LEARNING_RATE,
            per_device_train_batch_size=BATCH,
            no_cuda=True,
        )
        model = library.VAE(settings, encoder=Encoder(vae), decoder=Decoder(vae))
        dataset = BaseDataset(torch.from_numpy(task.images).float() / 255, torch.from_numpy(task.labels))
        BaseTrainer(model, dataset, training_config=config, callbacks=[Turns(gate)]).train()
    return written(vae)
