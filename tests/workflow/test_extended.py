"""The graph of config/extended.yaml on little data: what the source's experiment does not have."""

import json

import pandas as pd
import pytest

from checkout import Checkout

pytestmark = pytest.mark.long

EXTENDED, LITTLE = "config/extended.yaml", "tests/workflow/little_extended.yaml"


@pytest.fixture(scope="module")
def extended(tmp_path_factory) -> Checkout:
    checkout = Checkout(tmp_path_factory.mktemp("extended"))
    checkout.finish(LITTLE, configuration=EXTENDED)
    return checkout


def test_all_is_made_once(extended):
    assert extended.pending(LITTLE, configuration=EXTENDED) == {}


def test_models_without_a_latent_or_with_a_learned_prior_are_measured_like_all_others(extended):
    table = pd.read_csv(extended.folder / "results/digits/report/models.csv")
    models = table.dropna(subset=["variant"])
    searches = {("cvae_prior", method) for method in ("encode", "best_prior", "map_latent")}
    assert set(zip(models["variant"], models["method"], strict=True)) == {*searches, ("unet", "encode")}


def test_hidden_pixels_have_a_likelihood_beside_what_was_published(extended):
    folder = extended.folder / "results/digits"
    for variant in ("cvae_prior", "unet"):
        estimate = json.loads((folder / f"likelihood/quadrants_1/{variant}/bce/seed0/likelihood.json").read_text())
        assert estimate["quantity"] == "hidden"
    page = (folder / "report/report.html").read_text(encoding="utf-8")
    assert "Log-likelihoods, quadrants_1" in page
    assert "restored by “encode”." in page
