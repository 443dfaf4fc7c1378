"""MLflow's model registry: each task's champion as a model `<dataset>-<task>`; its alias `champion` names the version.

A version has tags: the digests of the champion's file and of the code that restores. Where a version has them already,
no other is made, and the alias goes to it. A mirror that is killed leaves no version, or one that the next pass finds.
"""

import hashlib
import logging
import shutil
from collections.abc import Sequence
from importlib.metadata import version as installed
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from restoration.comparison import champion_choice
from restoration.comparison.champion_choice import Champion
from restoration.core import artifacts, fingerprint
from restoration.tracking import mlflow_store

ALIAS = "champion"
DIGESTS = ["champion_sha256", "code_sha256"]
EXAMPLES = 2  # images of the input example
REQUIRED = ["mlflow", "numpy", "pandas", "pyarrow", "torch"]  # by the code that restores

logger = logging.getLogger("restoration.mirror")


def name(champion: Champion) -> str:
    return f"{champion.dataset}-{champion.task}"


def tags(path: str | Path, champion: Champion) -> dict[str, str]:
    """Return a version's tags: what it is, and DIGESTS, which tell it from others. path: the champion's file."""
    parts = (("networks", champion.network), ("losses", champion.loss), ("inference", champion.method))
    code = "\n".join(fingerprint.code(f"{fingerprint.PACKAGE}/champion/pyfunc_model.py", parts))
    of = {key: str(getattr(champion, key)) for key in ("dataset", "task", "variant", "loss", "seed", "identity")}
    return {
        **of,
        "inference": champion.method,
        "inference_parameters": artifacts.canonical(champion.parameters),
        "model_sha256": champion.sha256,
        "champion_sha256": artifacts.sha256(path),
        "code_sha256": hashlib.sha256(code.encode()).hexdigest(),
    }


def register_all(uri: str | None, champion_files: Sequence[str], tests: Sequence[str]) -> dict[str, str]:
    """Register the champions that are not yet; return each model's name in the registry and the champion's version.

    tests: corrupted test images, a file each task. Raises what MLflow raises.
    """
    versions = {}
    for path, test in zip(champion_files, tests, strict=True):
        if champion := champion_choice.read(path):
            versions[name(champion)] = register(uri, path, champion, test)
    return versions


def register(uri: str | None, path: str, champion: Champion, test: str) -> str:
    """Return the version that is the champion now, a new one if need be. Arguments as of `register_all`."""
    import mlflow

    client = mlflow_store.connect(uri)
    mlflow.set_tracking_uri(uri or mlflow_store.store_uri())  # where its registry looks a logged model up
    of, wanted = name(champion), tags(path, champion)
    known = [
        int(one.version)
        for one in client.search_model_versions(f"name = '{of}'")
        if one.status == "READY" and all(one.tags.get(key) == wanted[key] for key in DIGESTS)
    ]
    if known:
        version = str(max(known))
    else:
        if not client.search_registered_models(f"name = '{of}'"):
            client.create_registered_model(of, description=f"Restores images: {champion.task} of {champion.dataset}.")
        experiment = mlflow_store.experiment(client, uri, f"{champion.dataset}/{champion.task}")
        identity, newest_first = f"tags.identity = '{champion.identity}'", ["attributes.start_time DESC"]
        trained = client.search_runs([experiment], identity, max_results=1, order_by=newest_first)
        run = trained[0].info.run_id if trained else None
        with TemporaryDirectory() as folder:
            save(Path(folder) / "model", path, champion, test)
            model = client.create_logged_model(experiment, of, source_run_id=run, tags=wanted).model_id
            client.log_model_artifacts(model, str(Path(folder) / "model"))
        client.finalize_logged_model(model, "READY")
        made = client.create_model_version(
            of, f"models:/{model}", run, tags=wanted, description=champion.sentence(), model_id=model
        )
        version = str(made.version)
    client.set_registered_model_alias(of, ALIAS, version)
    logger.info("%s: %s version %s", of, "is already" if known else "registered as", version)
    return version


def save(folder: Path, path: str, champion: Champion, test: str) -> None:
    """Write the champion as a folder that MLflow loads and serves: model, code, signature and example, which is tried.

    path: the champion's file; test: corrupted test images, the first of which are the example.
    """
    from mlflow import pyfunc
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec

    from restoration.champion import pyfunc_model  # loads torch, which the job that asks for this does not need

    corrupted, mask = (array[:EXAMPLES] for array in artifacts.read_npz(test, "corrupted", "mask"))
    images = TensorSpec(np.dtype(np.uint8), (-1, -1, -1, -1), "images")
    request: dict[str, Any] = {"images": np.ascontiguousarray(np.moveaxis(corrupted, 1, -1))}
    taken: list[Any] = [images]
    if champion.takes_mask:
        request["mask"] = mask[:, 0].astype(np.uint8)
        taken.append(TensorSpec(images.type, (-1, *mask.shape[2:]), "mask"))
    with TemporaryDirectory() as data:
        shutil.copyfile(path, Path(data) / pyfunc_model.CHAMPION)
        shutil.copyfile(champion.model, Path(data) / pyfunc_model.MODEL)
        pyfunc.save_model(
            path=str(folder),
            loader_module=pyfunc_model.__name__,
            data_path=data,
            code_paths=[str(fingerprint.SCRIPTS / fingerprint.PACKAGE)],
            signature=ModelSignature(Schema(taken), Schema([TensorSpec(images.type, images.shape)])),
            input_example=request,
            pip_requirements=[f"{package}=={installed(package)}" for package in REQUIRED],
        )
    restored: Any = pyfunc.load_model(str(folder)).predict(request)
    assert restored.shape == request["images"].shape
