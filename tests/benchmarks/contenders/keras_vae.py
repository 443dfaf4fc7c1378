"""Keras, whatever its backend: a functional model, a layer that draws the latent, and `fit`."""

import os
from typing import Any

import numpy as np

from benchmarks.contenders import BATCH, HIDDEN, LATENT, LEARNING_RATE, PIXELS, Gate, Weights, heads


def build() -> Any:
    import keras
    from keras import layers, ops

    class Sampling(layers.Layer):
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
    hidden = layers.Dense(HIDDEN, "relu", name="encoder")(image)
    latent = Sampling()(layers.Dense(LATENT, name="mu")(hidden), layers.Dense(LATENT, name="logvar")(hidden))
    logits = layers.Dense(PIXELS, name="output")(layers.Dense(HIDDEN, "relu", name="decoder")(latent))
    model = keras.Model(image, logits)
    model.compile(optimizer=keras.optimizers.Adam(LEARNING_RATE), loss=reconstruction)
    return model


def train(backend: str, images: np.ndarray, start: Weights, epochs: int, gate: Gate) -> Weights:
    os.environ["KERAS_BACKEND"] = backend
    import keras

    model = build()
    mu, logvar = heads(start)
    layers = {
        "encoder": (start["encoder.0.weight"], start["encoder.0.bias"]),
        "mu": mu,
        "logvar": logvar,
        "decoder": (start["decoder.0.weight"], start["decoder.0.bias"]),
        "output": (start["decoder.2.weight"], start["decoder.2.bias"]),
    }
    for name, (weight, bias) in layers.items():
        model.get_layer(name).set_weights([weight.T, bias])
    turns = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: gate.open(), on_epoch_end=lambda epoch, logs: gate.close()
    )
    pixels = images.reshape(-1, PIXELS).astype("float32") / 255
    model.fit(pixels, pixels, batch_size=BATCH, epochs=epochs, verbose=0, callbacks=[turns])
    trained = {name: [np.asarray(array) for array in model.get_layer(name).get_weights()] for name in layers}
    weight, bias = (np.concatenate([trained["mu"][part], trained["logvar"][part]], axis=-1) for part in (0, 1))
    return {
        "encoder.0.weight": trained["encoder"][0].T,
        "encoder.0.bias": trained["encoder"][1],
        "encoder.2.weight": weight.T,
        "encoder.2.bias": bias,
        "decoder.0.weight": trained["decoder"][0].T,
        "decoder.0.bias": trained["decoder"][1],
        "decoder.2.weight": trained["output"][0].T,
        "decoder.2.bias": trained["output"][1],
    }
