"""How a model is called in words, on pages, figures and tables."""

GIVEN_LABEL = "†"  # behind the name of a model whose way to restore is given the true label


def model_name(variant: str, loss: str) -> str:
    """Name a model as figures do: 'cvae_label, BCE'."""
    return f"{variant}, {loss.upper()}"


def in_words(name: str) -> str:
    """Write a name of the configuration as words: 'map latent'."""
    return name.replace("_", " ")


def restorer_name(variant: str, loss: str, method: str) -> str:
    """Name a model with its inference, 'vae, BCE, map latent', or a baseline, which has no variant: 'mean image'."""
    return f"{model_name(variant, loss)}, {in_words(method)}" if variant else in_words(method)
