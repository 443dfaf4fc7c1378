"""Print the addresses of each experiment's runs in MLflow's own store. `make mlflow` calls it with its port."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow/scripts"))

from restoration.tracking.run_links import HOST, STORE, links

if __name__ == "__main__":
    if not STORE.exists():
        sys.exit(f"{STORE} is not there: snakemake makes it, unless tracking.uri names a server")
    print(
        *(f"{name:<30} {address}" for name, address in links(server=f"{HOST}:{sys.argv[1]}").items()),
        sep="\n",
        flush=True,
    )
