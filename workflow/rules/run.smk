# What goes round a run: it takes the folder before its first job, and writes its account after the last.
import sqlite3

from restoration.execution import (
    fork_server,
    interrupt,
    patches,
    rerun_reasons,
    scheduler_rate,
    terminal_lines,
)
from restoration.report import index_page
from restoration.tracking import mirror, outbox


def end():
    """Send MLflow the rest, and say what was done."""
    account = workflow.account
    if workflow.watch:
        workflow.watch.over.set()
    mirror.finish(workflow.mirror, workflow.stop.asked)
    told = account and patches.attempt(account.lines, workflow.stop.asked)
    lines = "\n".join([*(told or []), *outbox.told()])
    print(lines, file=sys.stderr)
    try:
        os.makedirs(f"{RESULTS}/logs", exist_ok=True)
        with open(f"{RESULTS}/logs/why.txt", "w") as file:
            print(lines, file=file)
    except OSError as error:
        print(f"{RESULTS}/logs/why.txt was not written: {error}", file=sys.stderr)


def land():
    """Keep a summary of the results and renew the page of all data sets. No result depends on either."""
    if not any(job.rule.name == "provenance" for job in workflow.dag.jobs):
        return
    try:
        commit = ro_crate.code_version(BASE)["commit"] or ""
        kept = index_page.summarise(
            Path(RESULTS), EXPERIMENT, commit, ro_crate.versions()
        )
        index_page.record(Path(RESULTS), kept)
        page = index_page.write(
            Path(RESULTS).parent,
            *(
                BASE / "workflow/report" / name
                for name in ("index.html.j2", "report.css", "theme.js")
            ),
        )
        print(f"All data sets, and what changed: {page}", file=sys.stderr)
    except (
        UserError,
        OSError,
        ImportError,
        KeyError,
        ValueError,
        sqlite3.Error,
    ) as error:
        print(f"The page of all data sets was not renewed: {error}", file=sys.stderr)


onstart:
    try:
        process_locks.take_folder()
        check_restore(workflow.dag)
    except UserError as error:
        raise SystemExit(f"Nothing was run: {error}.") from None
    patches.attempt(scheduler_rate.lift, workflow)
    workflow.account = patches.attempt(rerun_reasons.Account, workflow.dag)
    due = {job.rule.name for job in workflow.dag.needrun_jobs()}
    workflow.mirror = mirror.start(CONFIG["tracking"]["uri"], due)
    # On a GPU it was never tried.
    if CONFIG["device"] == "cpu" and patches.attempt(fork_server.pays, workflow):
        patches.install(fork_server)
    workflow.stop = interrupt.Stop()
    workflow.watch = patches.attempt(terminal_lines.watch, workflow, workflow.stop)


onsuccess:
    end()
    land()


onerror:
    end()
