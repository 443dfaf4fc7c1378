import pytest
import torch

from restoration.variants import Variant

COMPLETE, CORRUPTED = torch.rand(3, 1, 4, 5), torch.rand(3, 1, 4, 5)
LABELS = torch.tensor([0, 2, 1])

# As the design has it: what the encoder sees in training, and what encoder and decoder are given besides.
DESIGN = {
    "ae": ("corrupted", "none"),
    "vae": ("complete", "none"),
    "vae_incomplete": ("corrupted", "none"),
    "cvae_label": ("corrupted", "label"),
    "cvae_incomplete": ("complete", "corrupted"),
}


def test_the_shipped_variants_are_those_of_the_design(config):
    assert {name: (v["encoder_input"], v["condition"]) for name, v in config["variants"].items()} == DESIGN
    assert {name: v["network"] for name, v in config["variants"].items() if v["network"] != "vae"} == {
        "ae": "autoencoder"
    }


@pytest.mark.parametrize("name", DESIGN)
def test_the_encoder_sees_in_training_what_the_design_says(name, variant):
    seen = variant(name).seen_in_training(COMPLETE, CORRUPTED)
    assert seen.equal({"complete": COMPLETE, "corrupted": CORRUPTED}[DESIGN[name][0]])


@pytest.mark.parametrize("name", DESIGN)
def test_the_condition_is_what_the_design_grants(name, variant):
    granted = variant(name).granted(CORRUPTED, LABELS, classes=4)
    if DESIGN[name][1] == "none":
        assert granted is None
    else:
        label = torch.tensor([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0]])
        assert granted.equal({"label": label, "corrupted": CORRUPTED.reshape(3, 20)}[DESIGN[name][1]])


@pytest.mark.parametrize("name", DESIGN)
@pytest.mark.parametrize("shape", [(1, 4, 5), (3, 6, 2)])
def test_the_condition_has_the_size_that_networks_are_built_for(name, variant, shape):
    granted = variant(name).granted(torch.rand(2, *shape), torch.tensor([0, 1]), classes=4)
    assert variant(name).condition_size(shape, classes=4) == (0 if granted is None else granted.shape[1])


def test_a_variant_is_rebuilt_from_its_dictionary(variant):
    original = variant("cvae_label", latent=7)
    assert Variant(**original.as_dict()) == original
