"""MLflow's model registry: each task's champion as a model `<dataset>-<task>`; its alias `champion` names the version.

A version has tags: the digests of the champion's file and of the code that restores. Where a version has them already,
no other is made, and the alias goes to it. A mirror that is killed leaves no version, or one that the next pass finds.
"""

import hashlib
import logging
import shutil
from collections.abc import Mapping, Sequence
from importlib.metadata import version as installed
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from restoration.champion import pyfunc_model
from restoration.comparison import champion_choice
from restoration.comparison.champion_choice import Champion
from restoration.core import artifacts, fingerprint
from restoration.tracking import mlflow_store

if TYPE_CHECKING:
    from mlflow import MlflowClient

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


def example(corrupted: np.ndarray, mask: np.ndarray, takes_mask: bool) -> dict[str, np.ndarray]:
    """Return a request, as `pyfunc_model` takes it. corrupted: uint8 (N, C, H, W); mask: bool (N, 1, H, W)."""
    request = {"images": np.ascontiguousarray(np.moveaxis(corrupted, 1, -1))}
    return request | {"mask": mask[:, 0].astype(np.uint8)} if takes_mask else request


def register_all(uri: str | None, champion_files: Sequence[str], tests: Sequence[str]) -> dict[str, str]:
    """Register the champions that are not yet; return each model's name in the registry and the champion's version.

    tests: corrupted test images, a file each task. Raises what MLflow raises.
    """
    versions = {}
    for path, test in zip(champion_files, tests, strict=True):
        champion = champion_choice.read(path)
        if champion is None:
            continue
        corrupted, mask = (array[:EXAMPLES] for array in artifacts.read_npz(test, "corrupted", "mask"))
        request = example(corrupted, mask, champion.takes_mask)
        version, new = register(uri, path, champion, request)
        versions[name(champion)] = version
        logger.info("%s: %s version %s", name(champion), "registered as" if new else "is already", version)
    return versions


def register(
    uri: str | None, path: str | Path, champion: Champion, request: Mapping[str, np.ndarray]
) -> tuple[str, bool]:
    """Return the version that is the champion now, and whether it is a new one.

    path: the champion's file; request: an example. Raises what MLflow raises.
    """
    import mlflow

    client = mlflow_store.connect(uri)
    mlflow.set_tracking_uri(uri or mlflow_store.store_uri())  # where its registry looks a logged model up
    of, wanted = name(champion), tags(path, champion)
    known = [
        one
        for one in client.search_model_versions(f"name = '{of}'")
        if one.status == "READY" and all(one.tags.get(key) == wanted[key] for key in DIGESTS)
    ]
    if known:
        number = str(max(int(one.version) for one in known))
    else:
        if not client.search_registered_models(f"name = '{of}'"):
            client.create_registered_model(of, description=f"Restores images: {champion.task} of {champion.dataset}.")
        number = _new_version(client, uri, path, champion, request, wanted)
    client.set_registered_model_alias(of, ALIAS, number)
    return number, not known


def _new_version(
    client: "MlflowClient",
    uri: str | None,
    path: str | Path,
    champion: Champion,
    request: Mapping[str, np.ndarray],
    known: Mapping[str, str],
) -> str:
    experiment = mlflow_store.experiment(client, uri, f"{champion.dataset}/{champion.task}")
    trained = client.search_runs(
        [experiment], f"tags.identity = '{champion.identity}'", max_results=1, order_by=["attributes.start_time DESC"]
    )
    run = trained[0].info.run_id if trained else None
    with TemporaryDirectory() as folder:
        save(Path(folder) / "model", path, champion, request)
        logged = client.create_logged_model(experiment, name(champion), source_run_id=run, tags=dict(known))
        client.log_model_artifacts(logged.model_id, str(Path(folder) / "model"))
    client.finalize_logged_model(logged.model_id, "READY")
    source = f"models:/{logged.model_id}"
    made = client.create_model_version(
        name(champion), source, run, tags=dict(known), description=champion.sentence(), model_id=logged.model_id
    )
    return str(made.version)


def save(folder: Path, path: str | Path, champion: Champion, request: Mapping[str, np.ndarray]) -> None:
    """Write the champion as a folder that MLflow loads and serves: model, code, signature and example, which is tried.

    path: the champion's file.
    """
    from mlflow import pyfunc
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec

    byte = np.dtype(np.uint8)
    taken: list[Any] = [TensorSpec(byte, (-1, -1, -1, -1), "images")]
    if champion.takes_mask:
        taken.append(TensorSpec(byte, (-1, *request["mask"].shape[1:]), "mask"))
    with TemporaryDirectory() as data:
        shutil.copyfile(path, Path(data) / pyfunc_model.CHAMPION)
        shutil.copyfile(champion.model, Path(data) / pyfunc_model.MODEL)
        pyfunc.save_model(
            path=str(folder),
            loader_module=pyfunc_model.__name__,
            data_path=data,
            code_paths=[str(fingerprint.SCRIPTS / fingerprint.PACKAGE)],
            signature=ModelSignature(Schema(taken), Schema([TensorSpec(byte, (-1, -1, -1, -1))])),
            input_example=dict(request),
            pip_requirements=[f"{package}=={installed(package)}" for package in REQUIRED],
        )
    restored: Any = pyfunc.load_model(str(folder)).predict(dict(request))
    assert restored.shape == request["images"].shape
