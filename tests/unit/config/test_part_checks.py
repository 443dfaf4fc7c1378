import inspect

import pytest

from restoration.config import part_checks, yaml_file
from restoration.core import registry
from restoration.core.errors import UserError
from restoration.data import holes

ENTRIES = [(kind, name) for kind in registry.ENTRY_POINTS for name in registry.names(kind)]


@pytest.fixture
def own_registry(tmp_path, monkeypatch):
    """A registry of corruptions with one entry, whose source cannot be imported."""
    folder = tmp_path / registry.FOLDERS["corruptions"]
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "scratch.py").write_text(
        "import nothing_that_exists\n\n\n"
        "def corrupt(\n"
        "    images, generator, *,\n"
        "    width: PositiveInt, level: NonNegativeFloat = 0.5, soft: bool = False, mode: str = 'x',\n"
        "):\n"
        "    raise RuntimeError\n"
    )
    monkeypatch.setattr(registry, "PACKAGE", tmp_path)
    registry.parsed.cache_clear()
    yield
    registry.parsed.cache_clear()


@pytest.mark.parametrize(("kind", "name"), ENTRIES)
def test_parameters_read_from_the_source_are_those_of_the_code(kind, name):
    entry = getattr(registry.load(kind, name), registry.ENTRY_POINTS[kind])
    signature = inspect.signature(entry)
    keyword_only = {
        parameter.name: part_checks.REQUIRED if parameter.default is parameter.empty else parameter.default
        for parameter in signature.parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY
    }
    known = part_checks.parameters(kind, name)
    assert {parameter: default for parameter, (_, default) in known.items()} == keyword_only
    if kind == "datasets":  # whose keys the schema checks
        assert set(known) <= set(yaml_file.read_schema("config")["properties"]["dataset"]["properties"])
    else:
        assert all(annotation in yaml_file.read_schema("parts")["parameters"] for annotation, _ in known.values())


def test_check_completes_with_the_defaults():
    assert part_checks.check("networks", "vae", {"latent": 2}, "somewhere") == {"hidden": 400, "latent": 2}


def test_check_reads_an_entry_without_importing_it(own_registry):
    assert registry.names("corruptions") == ["scratch"]
    complete = part_checks.check("corruptions", "scratch", {"width": 3, "level": 1, "soft": True}, "here")
    assert complete == {"width": 3, "level": 1, "soft": True, "mode": "x"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "here: 'scratch' needs width"),
        ({"width": 3, "colour": 1}, "here.colour: 'scratch' has no such parameter; it takes: width, level, soft, mode"),
        ({"width": 0}, "here.width: 0 is not a whole number from 1 to 1,000,000"),
        ({"width": -3}, "here.width: -3 is not a whole number"),
        ({"width": 3.0}, "here.width: 3.0 is not a whole number"),
        ({"width": True}, "here.width: True is not a whole number"),
        ({"width": "3"}, "here.width: '3' is not a whole number"),
        ({"width": None}, "here.width: None is not a whole number"),
        ({"width": [3]}, "here.width: [3] is not a whole number"),
        ({"width": 3, "level": True}, "here.level: True is not a number from 0 to 1,000,000"),
        ({"width": 3, "level": -0.1}, "here.level: -0.1 is not a number from 0"),
        ({"width": 3, "level": float("nan")}, "here.level: nan is not a number from 0"),
        ({"width": 3, "level": float("inf")}, "here.level: inf is not a number from 0"),
        ({"width": 3, "soft": 1}, "here.soft: 1 is not true or false"),
        ({"width": 3, "mode": 1}, "here.mode: 1 is not a text"),
        ({"width": 3, 4: 1}, "here.4: 'scratch' has no such parameter"),
    ],
)
def test_check_names_the_key_that_is_wrong(given, message, own_registry):
    with pytest.raises(UserError) as caught:
        part_checks.check("corruptions", "scratch", given, "here")
    assert str(caught.value).startswith(message)


def test_the_schema_of_parts_has_the_kinds_of_holes_and_the_types_of_the_registry():
    parts = yaml_file.read_schema("parts")
    kinds = [*holes.KINDS]
    assert parts["constants"]["corruptions"]["HIDES"]["enum"] == [*kinds, None]
    assert parts["constants"]["baselines"]["HIDDEN"]["items"]["enum"] == kinds
    assert all(hasattr(registry, name) for name in parts["parameters"] if name not in ("bool", "str"))
