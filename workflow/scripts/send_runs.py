"""Send what MLflow's server did not take: runs first, then champions, each of which names the run of its model."""

from pathlib import Path

from restoration.core import script
from restoration.core.errors import UserError
from restoration.tracking import mlflow_store, model_registry, unsent


def main(uri: str | None, registered: Path) -> list[str]:
    """What was sent, in words. uri: None for the server that it was meant for; registered: where `register` writes."""
    try:
        runs = unsent.send(uri)
        models = [name for failed in sorted(registered.glob("*.failed")) for name in model_registry.retry(uri, failed)]
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"{mlflow_store.why(error)}; {' '.join(unsent.told()) or 'no run waits'}") from None
    return [f"{runs} run{'' if runs == 1 else 's'}", *(f"champion {name}" for name in models)]


if __name__ == "__main__":
    with script.running(snakemake) as logger:
        sent = main(snakemake.config.get("tracking", {}).get("uri"), Path(snakemake.params.registered))
        logger.info("sent: %s", ", ".join(sent))
        print(f"MLflow: sent: {', '.join(sent)}.", flush=True)
