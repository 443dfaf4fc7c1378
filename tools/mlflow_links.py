"""Print the addresses of each experiment's runs in MLflow's own store. `make mlflow` calls it with its port."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow/scripts"))

from restoration.tracking import mlflow_store

if __name__ == "__main__":
    if not (store := mlflow_store.STORE / mlflow_store.DATABASE).exists():
        sys.exit(f"{store} is not there: snakemake makes it, unless tracking.uri names a server")
    found = mlflow_store.addresses(server=f"http://127.0.0.1:{sys.argv[1]}")
    print(*(f"{name:<30} {address}" for name, address in found.items()), sep="\n", flush=True)
