"""What the page tells of the whole experiment: what was left out, every model's training, and where both come from."""

from collections.abc import Mapping, Sequence

from restoration.comparison import models_table
from restoration.report.table_cells import Cell, Column, Row, Table, patterns, words

COLUMNS = [
    Column("MLflow run", text=True),
    Column("Identity", text=True),
    Column("Parameters"),
    Column("Training loss, last epoch"),
    Column("File", text=True),
]


def runs(trainings: Sequence[str]) -> Table:
    """Each model's training: what finds it again in MLflow, its parameters and the last epoch's mean objective."""
    rows = []
    for path in trainings:
        trained = models_table.read_training(path)
        parameters, objective = trained["parameters"], trained["train"]["objective"]
        figures = [Cell(f"{parameters:,}", parameters), Cell(f"{objective:.2f}", objective)]
        rows.append(Row([words(trained["run"]), words(trained["identity"]), *figures, words(path)]))
    return Table("Every trained model", COLUMNS, rows, patterns(trainings))


def left_out(names: Mapping[str, Sequence[str]] | None) -> str:
    """What images without labels left out, in a sentence; nothing for others. names: as `unlabelled` gives them."""
    if names is None:
        return ""
    variants = dict.fromkeys(name.split("/")[1] for name in names["variants"])
    parts = ["how restored images read as their class"]
    for word, plural, these in (
        ("variant", "variants", list(variants)),
        ("inference", "inferences", names["inference"]),
        ("claim", "claims", names["claims"]),
    ):
        if these:
            parts.append(f"the {word if len(these) == 1 else plural} {', '.join(these)}")
    told = f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]
    return f"The images have no labels, and what needs them is left out: {told}."
