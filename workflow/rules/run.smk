# What goes round an execution: the folder is taken for it, and its account written at the end.
from restoration import account, courier


def end():
    """Send MLflow the rest, and tell what was done."""
    of = workflow.account
    if workflow.courier:
        courier.finish(workflow.courier)
    lines = "\n".join([*of.lines(), *unsent.told()])
    os.makedirs(f"{RESULTS}/logs", exist_ok=True)
    with open(f"{RESULTS}/logs/why.txt", "w") as file:
        print(lines, file=file)
    print(lines, file=sys.stderr)


onstart:
    try:
        locking.take_folder()
        check_restore(workflow.dag)
    except UserError as error:
        raise SystemExit(f"Nothing was run: {error}.") from None
    workflow.account = account.Account(workflow.dag)
    due = {job.rule.name for job in workflow.dag.needrun_jobs()}
    workflow.courier = (
        courier.start(CONFIG["tracking"]["uri"])
        if due & {"train", "evaluate", "register"}
        else None
    )


onsuccess:
    end()


onerror:
    end()
