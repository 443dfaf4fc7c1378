import json
from pathlib import Path

import pandas as pd
import pytest

from restoration.comparison import champion_choice
from restoration.comparison.champion_choice import TrainedModel
from restoration.comparison.interval_table import KEYS
from restoration.core import artifacts

PLACES = [("raw", "whole"), ("raw", "hole"), ("pasted", "whole"), ("pasted", "hole")]
INFERENCE = {"encode": {}, "best_prior": {"samples": 3}, "inferred_label": {}}


def table(errors: dict[tuple[str, str, str], list[float]]) -> pd.DataFrame:
    """Rows of `compare` for each (variant, loss, method): its mean squared errors at PLACES, as many as are given."""
    rows = [
        (*name, *place, "mse", error, error * 0.9, error * 1.1, 2, 360)
        for name, given in errors.items()
        for place, error in zip(PLACES, given, strict=False)
    ]
    return pd.DataFrame(rows, columns=[*KEYS, "mean", "low", "high", "seeds", "images"])


@pytest.fixture
def trained(tmp_path):
    """Models of the task with a training.json and a file; their objectives on validation images by name and seed."""

    def make(objectives: dict[tuple[str, str, int], float]) -> list[TrainedModel]:
        models = []
        for (variant, loss, seed), objective in objectives.items():
            stem = tmp_path / f"{variant}_{loss}_{seed}"
            stem.with_suffix(".pt").write_bytes(f"{stem.name}".encode())
            artifacts.write_json(
                stem.with_suffix(".json"),
                {
                    "identity": f"of {stem.name}",
                    "run": f"holes {variant} {loss} seed {seed}",
                    "settings": {"variant": {"network": "vae"}},
                    "validation": {"objective": objective},
                },
            )
            models.append(
                TrainedModel(variant, loss, seed, str(stem.with_suffix(".json")), str(stem.with_suffix(".pt")))
            )
        return models

    return make


def crown(
    rows: pd.DataFrame, models: list[TrainedModel], labelled: tuple[str, ...] = ()
) -> champion_choice.Champion | None:
    return champion_choice.choose({"dataset": "digits", "task": "holes"}, rows, models, labelled, INFERENCE)


def test_where_something_is_hidden_the_error_in_the_hole_with_the_visible_put_back_decides(trained):
    rows = table(
        {
            ("vae", "bce", "encode"): [0.1, 0.9, 0.2, 0.5],
            ("vae", "bce", "best_prior"): [0.3, 0.1, 0.3, 0.2],
            ("ae", "mse", "encode"): [0.2, 0.3, 0.1, 0.4],
            ("", "", "biharmonic"): [0.0, 0.0, 0.0, 0.0],
        }
    )
    champion = crown(rows, trained({("vae", "bce", 0): 1.0, ("ae", "mse", 0): 1.0}))
    assert (champion.variant, champion.loss, champion.method) == ("vae", "bce", "best_prior")
    assert champion.parameters == {"samples": 3}
    assert champion.figure["mean"] == 0.2
    assert champion.takes_mask
    assert "inside the hole 0.20000 [0.18000, 0.22000], 360 test images, 2 seeds" in champion.sentence()


def test_where_nothing_is_hidden_the_whole_image_decides(trained):
    rows = table({("vae", "bce", "encode"): [0.3], ("ae", "bce", "encode"): [0.2], ("", "", "identity"): [0.0]})
    champion = crown(rows, trained({("vae", "bce", 0): 1.0, ("ae", "bce", 0): 2.0}))
    assert (champion.variant, champion.figure["output"], champion.figure["region"]) == ("ae", "raw", "whole")
    assert not champion.takes_mask


def test_of_equal_ones_the_first_is_kept(trained):
    rows = table({("vae", "bce", "encode"): [0.2], ("ae", "bce", "encode"): [0.2]})
    assert crown(rows, trained({("vae", "bce", 0): 1.0, ("ae", "bce", 0): 0.5})).variant == "vae"


def test_of_its_seeds_the_best_on_validation_images_is_kept(trained):
    rows = table({("vae", "bce", "encode"): [0.2], ("ae", "bce", "encode"): [0.3]})
    models = trained({("vae", "bce", 0): 9.0, ("vae", "bce", 4): 7.0, ("vae", "bce", 5): 7.0, ("ae", "bce", 0): 1.0})
    champion = crown(rows, models)
    assert (champion.variant, champion.seed) == ("vae", 4)
    assert champion.identity == "of vae_bce_4"
    assert champion.sha256 == artifacts.sha256(champion.model)
    assert champion.model.endswith("vae_bce_4.pt")


def test_what_is_given_the_true_label_is_no_candidate(trained):
    given = {
        ("told", "bce", "encode"): [0.1],
        ("told", "bce", "inferred_label"): [0.2],
        ("vae", "bce", "encode"): [0.3],
    }
    models = trained({("told", "bce", 0): 1.0, ("vae", "bce", 0): 1.0})
    assert crown(table(given), models, labelled=("told",)).method == "inferred_label"
    del given["told", "bce", "inferred_label"]
    assert crown(table(given), models, labelled=("told",)).variant == "vae"
    del given["vae", "bce", "encode"]
    assert crown(table(given), models, labelled=("told",)) is None


def test_a_champion_is_read_as_it_was_written(trained, tmp_path):
    champion = crown(table({("vae", "bce", "encode"): [0.2]}), trained({("vae", "bce", 0): 1.0}))
    for kept in (champion, None):
        champion_choice.write(tmp_path / "champion.json", kept)
        assert champion_choice.read(tmp_path / "champion.json") == kept


def test_its_file_is_the_same_in_every_folder(trained, tmp_path):
    champion = crown(table({("vae", "bce", "encode"): [0.2]}), trained({("vae", "bce", 0): 1.0}))
    champion_choice.write(tmp_path / "champion.json", champion)
    content = json.loads(Path(tmp_path / "champion.json").read_text())["champion"]
    assert [key for key, value in content.items() if str(tmp_path) in str(value)] == ["model"]  # as it was given
