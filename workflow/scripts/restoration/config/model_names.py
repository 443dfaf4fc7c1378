"""How a model is called in words, on pages, figures and tables."""

GIVEN_LABEL = "†"  # behind the name of a model whose way to restore is given the true label


def model_name(variant: str, loss: str) -> str:
    """A model as figures name it: 'cvae_label, BCE'."""
    return f"{variant}, {loss.upper()}"
