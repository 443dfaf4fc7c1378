"""Send MLflow what waits in the outbox: one pass of what the mirror does beside an execution."""

from restoration.core import script
from restoration.core.errors import UserError
from restoration.tracking import mirror, mlflow_store, outbox


def main(uri: str | None) -> str:
    """Return what was sent, in words. uri: None for the servers that the logs are meant for.

    Raises UserError where a server does not answer.
    """
    try:
        sent = mirror.send(uri)
    except BlockingIOError:
        return "nothing, for a mirror is at work in this folder"
    except Exception as error:
        raise UserError(f"{mlflow_store.why(error, uri)}; {' '.join(outbox.told()) or 'no log waits'}") from None
    return f"{sent} log{'' if sent == 1 else 's'}"


if __name__ == "__main__":
    with script.running(snakemake) as logger:
        sent = main(snakemake.config.get("tracking", {}).get("uri"))
        logger.info("sent: %s", sent)
        print(f"MLflow: sent: {sent}.", flush=True)
