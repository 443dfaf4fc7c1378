from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from restoration.execution.rerun_reasons import Account, changes, seconds

OLD = [
    "['training.epochs = 10', 'loss = \"bce\"']",
    "['train.py = 1234', 'restoration.models.a = 5678']",
    "['torch = 2.14.0']",
]


@pytest.mark.parametrize(
    ("new", "told"),
    [
        (OLD[::-1], []),
        ([OLD[0].replace("10", "20"), *OLD[1:]], ["training.epochs: 10 -> 20"]),
        (["['loss = \"bce\"', 'seed = 0']", *OLD[1:]], ["training.epochs: 10 -> nothing", "seed: nothing -> 0"]),
        (
            [OLD[0], "['train.py = 9999', 'restoration.models.b = 1']", OLD[2]],
            ["train.py changed", "restoration.models.a not used any more", "restoration.models.b new"],
        ),
        ([*OLD[:2], "['torch = 2.15.0']"], ["torch: 2.14.0 -> 2.15.0"]),
    ],
    ids=["nothing", "a setting", "settings that come and go", "code, by its file", "packages, by their versions"],
)
def test_what_changed_is_told(new, told):
    assert changes(OLD, new) == told


def test_a_record_of_another_form_is_no_fault():
    assert "torch: nothing -> 2.14.0" in changes(["whatever"], OLD[2:])


def test_of_what_ran_on_a_cluster_no_seconds_are_told():
    assert seconds(SimpleNamespace(starttime=10.0, endtime=12.5), None) == 2.5
    assert seconds(SimpleNamespace(starttime=10.0, endtime=12.5), 3.0) == 2.5
    assert seconds(SimpleNamespace(starttime=12.6, endtime=12.5), None) == 0.0  # when the end was told of
    assert seconds(SimpleNamespace(starttime=3.0, endtime=12.5), 3.0) == 0.0  # of the run before
    assert seconds(None, None) == 0.0


def test_where_records_cannot_be_read_the_reasons_are_in_snakemakes_words():
    job = Mock(output=["file"], rule=SimpleNamespace(name="train"), wildcards=["vae"], log=[])
    dag = SimpleNamespace(
        jobs=[job],
        needrun_jobs=lambda: [job],
        toposorted=lambda: [[job]],
        reason=lambda job: SimpleNamespace(get_names=lambda: iter(["forced", "noio"])),
        finished=lambda job: True,
        workflow=SimpleNamespace(persistence=SimpleNamespace()),
    )
    assert Account(dag).lines()[1].split() == ["train", "vae", "forced;", "noio"]
