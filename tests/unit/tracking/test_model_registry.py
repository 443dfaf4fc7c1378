"""The registry with an SQLite file of its own, which MLflow takes its seconds to make."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import register

from restoration.champion import restorer
from restoration.comparison import champion_choice
from restoration.core import artifacts, fingerprint
from restoration.models import model_file
from restoration.tracking import mirror, mlflow_store, model_registry, outbox

FIGURE = {"output": "pasted", "region": "hole", "measure": "mse", "mean": 0.2, "low": 0.1, "high": 0.3}
FIGURE |= {"seeds": 1, "images": 9}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, build_model):
    """Two models, and six damaged test images."""
    folder = tmp_path_factory.mktemp("registry")
    for seed in (0, 1):
        model_file.save(build_model("vae", seed=seed), folder / f"{seed}.pt")
    rng = np.random.default_rng(0)
    corrupted, mask = rng.integers(0, 256, (6, 1, 12, 12), dtype=np.uint8), rng.random((6, 1, 12, 12)) < 0.3
    artifacts.write_npz(folder / "test.npz", corrupted=corrupted, mask=mask)
    return folder


@pytest.fixture
def here(folder, monkeypatch):
    """The working directory, with MLflow's store in it, and its global address as it was before."""
    import mlflow

    monkeypatch.chdir(folder)
    monkeypatch.setattr(mlflow_store, "STORE", folder / "mlflow")
    before = mlflow.get_tracking_uri()
    yield folder
    mlflow.set_tracking_uri(before)


def champion(seed: int = 0, **changes) -> champion_choice.Champion:
    of = {"dataset": "digits", "task": "holes", "variant": "vae", "loss": "bce", "seed": seed, "network": "vae"}
    of |= {"identity": "", "run": "", "method": "best_prior", "parameters": {"samples": 3}, "figure": FIGURE}
    return champion_choice.Champion(**of | changes, model=f"{seed}.pt", sha256=artifacts.sha256(f"{seed}.pt"))


def registered(*kept: champion_choice.Champion | None) -> dict[str, str]:
    for number, one in enumerate(kept):
        champion_choice.write(f"champion{number}.json", one)
    return model_registry.register_all(
        None, [f"champion{number}.json" for number in range(len(kept))], ["test.npz"] * len(kept)
    )


def versions() -> list[str]:
    client = mlflow_store.connect(None)
    return sorted(str(one.version) for one in client.search_model_versions("name = 'digits-holes'"))


def test_a_champion_is_registered_once_and_its_alias_follows_it(here):
    first, second = champion(0), champion(1)
    assert registered(first, None) == {"digits-holes": "1"}
    assert registered(first) == {"digits-holes": "1"}
    assert registered(second) == {"digits-holes": "2"}
    assert registered(replace(second, parameters={"samples": 4})) == {"digits-holes": "3"}
    assert registered(first) == {"digits-holes": "1"}  # as when a setting is changed and changed back
    assert versions() == ["1", "2", "3"]
    of = mlflow_store.connect(None).get_model_version_by_alias("digits-holes", "champion")
    assert str(of.version) == "1"
    assert of.tags["model_sha256"] == first.sha256
    assert of.tags["inference_parameters"] == '{"samples":3}'
    assert of.description == first.sentence()


def test_what_is_registered_restores_and_brings_its_code(here):
    from mlflow import pyfunc

    registered(champion(0))
    loaded = pyfunc.load_model("models:/digits-holes@champion")
    example = loaded.input_example
    corrupted, mask = artifacts.read_npz("test.npz", "corrupted", "mask")
    np.testing.assert_array_equal(np.asarray(example["mask"], bool), mask[:2, 0])
    expected = restorer.load("champion0.json", "0.pt").restore(corrupted, mask)
    given = {"images": corrupted, "mask": mask[:, 0].astype(np.uint8)}
    np.testing.assert_array_equal(loaded.predict(given), expected)
    transparent = np.concatenate([corrupted, np.where(mask, 0, 255).astype(np.uint8)], axis=1)
    by_transparency = {"images": transparent, "mask": np.zeros_like(given["mask"])}
    np.testing.assert_array_equal(loaded.predict(by_transparency), expected)
    assert loaded.metadata.get_input_schema().input_names() == ["images", "mask"]
    packed = next(Path(here / "mlflow").rglob("code/restoration/champion/pyfunc_model.py"))
    assert packed.read_bytes() == (fingerprint.SCRIPTS / "restoration/champion/pyfunc_model.py").read_bytes()


def test_other_code_makes_another_version(here, monkeypatch):
    registered(champion(0))
    before = versions()
    real = fingerprint.code
    monkeypatch.setattr(fingerprint, "code", lambda *arguments: [*real(*arguments), "another"])
    version = registered(champion(0))["digits-holes"]
    assert version not in before


def test_a_registration_that_was_cut_off_before_the_alias_is_gone_on_with(here):
    version = registered(champion(1))["digits-holes"]
    mlflow_store.connect(None).delete_registered_model_alias("digits-holes", "champion")
    before = versions()
    assert registered(champion(1)) == {"digits-holes": version}
    assert versions() == before
    of = mlflow_store.connect(None).get_model_version_by_alias("digits-holes", "champion")
    assert str(of.version) == version


def test_the_job_asks_and_the_mirror_registers(here, caplog, monkeypatch):
    def refuse(*_):
        raise ConnectionError("nobody there\nat all")

    champion_choice.write("champion.json", champion(0, task="asked"))
    register.main(["champion.json"], ["test.npz"], None, "digits", "asked.json")
    asked = artifacts.read_json("asked.json")
    assert asked.keys() == {"digits-asked"}
    one = mirror.Mirror(None)
    with monkeypatch.context() as patch:
        patch.setattr(model_registry, "register_all", refuse)
        one.go()
        one.go()
    (line,) = [record.message for record in caplog.records]
    assert line.startswith("MLflow: digits champions: not sent (nobody there); it stays in results/mlflow/outbox")
    for _ in range(2):  # as where the mirror is killed before the request is removed
        register.main(["champion.json"], ["test.npz"], None, "digits", "asked.json")
        mirror.Mirror(None).go()
        of = mlflow_store.connect(None).get_model_version_by_alias("digits-asked", "champion")
        assert str(of.version) == "1"
        assert asked["digits-asked"].items() <= of.tags.items()
    assert outbox.logs() == []


def test_an_outbox_that_cannot_be_written_costs_one_warning(here, caplog, monkeypatch):
    monkeypatch.setattr(outbox, "FOLDER", here / "test.npz/outbox")
    champion_choice.write("champion.json", champion(0))
    register.main(["champion.json"], ["test.npz"], None, "digits", "asked.json")
    (line,) = [record.message for record in caplog.records]
    assert "the champions are not registered (" in line


def test_a_task_that_restores_whole_images_takes_no_mask(here):
    from mlflow import pyfunc

    registered(champion(0, task="noise", method="encode", parameters={}, figure=FIGURE | {"region": "whole"}))
    loaded = pyfunc.load_model("models:/digits-noise@champion")
    assert loaded.metadata.get_input_schema().input_names() == ["images"]
    (corrupted,) = artifacts.read_npz("test.npz", "corrupted")
    assert loaded.predict(corrupted).shape == (6, 1, 12, 12)
