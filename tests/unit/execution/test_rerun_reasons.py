from types import SimpleNamespace
from unittest.mock import Mock

from restoration.execution.rerun_reasons import Account, changes, seconds

OLD = [
    "['training.epochs = 10', 'loss = \"bce\"']",
    "['train.py = 1234', 'restoration.models.a = 5678']",
    "['torch = 2.14.0']",
]


def test_nothing_changed():
    assert changes(OLD, list(reversed(OLD))) == []


def test_a_setting_is_told_from_what_to_what():
    new = [OLD[0].replace("10", "20"), *OLD[1:]]
    assert changes(OLD, new) == ["training.epochs: 10 -> 20"]


def test_settings_come_and_go():
    new = ["['loss = \"bce\"', 'seed = 0']", *OLD[1:]]
    assert changes(OLD, new) == ["training.epochs: 10 -> nothing", "seed: nothing -> 0"]


def test_code_is_told_by_its_file():
    new = [OLD[0], "['train.py = 9999', 'restoration.models.b = 1']", OLD[2]]
    assert changes(OLD, new) == [
        "train.py changed",
        "restoration.models.a not used any more",
        "restoration.models.b new",
    ]


def test_packages_are_told_by_their_versions():
    assert changes(OLD, [*OLD[:2], "['torch = 2.15.0']"]) == ["torch: 2.14.0 -> 2.15.0"]


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
