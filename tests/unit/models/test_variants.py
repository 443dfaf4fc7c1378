from typing import get_args, get_type_hints

import pytest
import torch

from restoration.models.variants import Variant

COMPLETE, CORRUPTED = torch.rand(3, 1, 4, 5), torch.rand(3, 1, 4, 5)
MASK = torch.rand(3, 1, 4, 5) < 0.5
LABELS = torch.tensor([0, 2, 1])
CONDITIONS = get_args(get_type_hints(Variant)["condition"])

# As the design has it: what the encoder sees in training, and what encoder and decoder are given besides.
DESIGN = {
    "ae": ("corrupted", "none"),
    "vae": ("complete", "none"),
    "vae_incomplete": ("corrupted", "none"),
    "cvae_label": ("corrupted", "label"),
    "cvae_incomplete": ("complete", "corrupted"),
}


def test_the_variants_of_the_source_are_those_of_the_design(config):
    shipped = {name: config["variants"][name] for name in DESIGN}
    assert {name: (v["encoder_input"], v["condition"]) for name, v in shipped.items()} == DESIGN
    assert {name: v["network"] for name, v in shipped.items() if v["network"] != "vae"} == {"ae": "autoencoder"}


@pytest.mark.parametrize("name", DESIGN)
def test_the_encoder_sees_in_training_what_the_design_says(name, variant):
    seen = variant(name).seen_in_training(COMPLETE, CORRUPTED)
    assert seen.equal({"complete": COMPLETE, "corrupted": CORRUPTED}[DESIGN[name][0]])


@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_condition_is_what_it_is_called(condition):
    granted = Variant("vae", "corrupted", condition, {}).granted(CORRUPTED, MASK, LABELS, classes=4)
    if condition == "none":
        assert granted is None
        return
    corrupted, mask = CORRUPTED.reshape(3, 20), MASK.reshape(3, 20).float()
    expected = {
        "label": torch.tensor([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0]]),
        "corrupted": corrupted,
        "mask": mask,
        "observed": torch.cat([corrupted, mask], dim=1),
    }[condition]
    assert granted.dtype == torch.float32
    assert granted.equal(expected)


def test_the_observed_image_and_the_mask_are_planes_one_after_the_other():
    corrupted, mask = torch.rand(2, 3, 4, 5), torch.rand(2, 1, 4, 5) < 0.5
    granted = Variant("cvae_prior", "complete", "observed", {}).granted(corrupted, mask, torch.zeros(2), 4)
    planes = granted.unflatten(1, (4, 4, 5))
    assert planes[:, :3].equal(corrupted)
    assert planes[:, 3:].equal(mask.float())


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("shape", [(1, 4, 5), (3, 6, 2)])
def test_the_condition_has_the_size_that_networks_are_built_for(condition, shape):
    one = Variant("vae", "corrupted", condition, {})
    mask = torch.zeros(2, 1, *shape[1:], dtype=torch.bool)
    granted = one.granted(torch.rand(2, *shape), mask, torch.tensor([0, 1]), classes=4)
    assert one.condition_size(shape, classes=4) == (0 if granted is None else granted.shape[1])


@pytest.mark.parametrize("condition", CONDITIONS)
def test_only_the_condition_label_depends_on_the_labels(condition):
    one = Variant("vae", "corrupted", condition, {})
    granted, other = (one.granted(CORRUPTED, MASK, labels, classes=4) for labels in (LABELS, LABELS + 1))
    assert (granted is None or granted.equal(other)) == (condition != "label")
