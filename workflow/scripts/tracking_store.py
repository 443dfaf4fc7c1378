"""Make MLflow's database once, before the jobs that write to it; with a server of one's own, see that it answers."""

from restoration import jobs, mlflow_store
from restoration.errors import UserError, reason

if __name__ == "__main__":
    with jobs.running(snakemake):
        uri = snakemake.config.get("tracking", {}).get("uri")
        try:
            mlflow_store.connect(uri).search_experiments(max_results=1)
        except Exception as error:
            raise UserError(
                f"tracking.uri: {uri or mlflow_store.store_uri()} does not answer ({reason(error, 250)})"
            ) from None
