"""Make MLflow's database once, before the jobs that write to it; with a server of one's own, see that it answers.

One that does not answer is a warning: runs wait until it does. One that refuses, as without a password, is an error.
"""

import re

from restoration.core import script
from restoration.core.errors import UserError
from restoration.tracking import mlflow_store, unsent


def check(uri: str | None) -> str:
    """Why nothing can be recorded now, or an empty text. Raises UserError if waiting will not change it."""
    try:
        mlflow_store.connect(uri).search_experiments(max_results=1)
    except Exception as error:
        why = mlflow_store.why(error, 250)
        if isinstance(error, ImportError) or re.search(r"error code 4\d\d", str(error)):
            raise UserError(f"tracking.uri: {uri or mlflow_store.store_uri()} does not let us in ({why})") from None
        return why
    return ""


if __name__ == "__main__":
    with script.running(snakemake) as logger:
        uri = snakemake.config.get("tracking", {}).get("uri")
        if why := check(uri):
            logger.warning(
                "MLflow: %s; runs wait in %s, and `%s` sends them; the results are not affected",
                why if uri and uri in why else f"{uri or mlflow_store.store_uri()}: {why}",
                unsent.folder(),
                unsent.COMMAND,
            )
