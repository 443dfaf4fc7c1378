"""Keras, whatever its backend: a functional model, a layer that draws the latent, and `fit`."""

import os
from typing import Any

import numpy as np

from benchmarks.contenders import BATCH, HIDDEN, LATENT, LEARNING_RATE, PIXELS, Gate, Task, Weights, joined, layers


def build() -> Any:
    import keras
    from keras import layers as library
    from keras import ops

    class Sampling(library.Layer):
        """A draw of the latent; it adds the KL divergence to the loss."""

        def __init__(self) -> None:
            super().__init__()
            self.seeds = keras.random.SeedGenerator(0)

        def call(self, mu: Any, logvar: Any) -> Any:
            self.add_loss(-0.5 * ops.mean(ops.sum(1 + logvar - ops.square(mu) - ops.exp(logvar), axis=1)))
            return mu + keras.random.normal(ops.shape(mu), seed=self.seeds) * ops.exp(0.5 * logvar)

    def reconstruction(target: Any, logits: Any) -> Any:
        return ops.sum(ops.binary_crossentropy(target, logits, from_logits=True), axis=-1)

    image = keras.Input((PIXELS,))
    hidden = library.Dense(HIDDEN, "relu", name="encoder")(image)
    latent = Sampling()(library.Dense(LATENT, name="mu")(hidden), library.Dense(LATENT, name="logvar")(hidden))
    logits = library.Dense(PIXELS, name="output")(library.Dense(HIDDEN, "relu", name="decoder")(latent))
    model = keras.Model(image, logits)
    model.compile(optimizer=keras.optimizers.Adam(LEARNING_RATE), loss=reconstruction)
    return model


def train(backend: str, task: Task, gate: Gate) -> Weights:
    os.environ["KERAS_BACKEND"] = backend
    import keras

    model = build()
    start = layers(task.start)
    for name, (weight, bias) in start.items():
        model.get_layer(name).set_weights([weight.T, bias])
    turns = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: gate.open(), on_epoch_end=lambda epoch, logs: gate.close()
    )
    pixels = task.images.reshape(-1, PIXELS).astype("float32") / 255
    model.fit(pixels, pixels, batch_size=BATCH, epochs=task.epochs, verbose=0, callbacks=[turns])
    trained = {name: [np.asarray(array) for array in model.get_layer(name).get_weights()] for name in start}
    return joined({name: (weight.T, bias) for name, (weight, bias) in trained.items()})
