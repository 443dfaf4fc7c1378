"""The software that results are made with."""

import platform
from importlib.metadata import version

PACKAGES = ["snakemake", "torch", "torchvision", "numpy", "pandas", "matplotlib", "seaborn", "mlflow"]


def versions() -> dict[str, str]:
    """Name to installed version, Python first."""
    return {"python": platform.python_version()} | {package: version(package) for package in PACKAGES}
