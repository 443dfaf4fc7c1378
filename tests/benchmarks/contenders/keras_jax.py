"""Keras on JAX."""

from functools import partial

from benchmarks.contenders import keras_vae

train = partial(keras_vae.train, "jax")
