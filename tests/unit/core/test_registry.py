import inspect

import pytest
import yaml

from restoration.config import configuration_checks
from restoration.core import registry
from restoration.core.errors import UserError

SHIPPED = {
    "corruptions": ["central_hole", "gaussian_noise", "missing_pixels", "none", "quadrants", "stroke_hole"],
    "networks": ["autoencoder", "vae"],
    "inference": ["best_prior", "encode", "inferred_label"],
    "datasets": ["digits", "fashion_mnist", "kmnist", "mnist"],
    "losses": ["bce", "mse"],
    "baselines": [
        "biharmonic",
        "identity",
        "kernel_neighbours",
        "mean_image",
        "median",
        "nearest_neighbour",
        "non_local_means",
        "total_variation",
    ],
}
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
    registry.parameters.cache_clear()
    yield
    registry.parameters.cache_clear()


@pytest.mark.parametrize("kind", SHIPPED)
def test_the_entries_are_the_files_of_the_folder(kind):
    assert set(SHIPPED[kind]) <= set(registry.names(kind))
    assert registry.names(kind) == sorted(registry.names(kind))
    assert "__init__" not in registry.names(kind)


@pytest.mark.parametrize(("kind", "name"), ENTRIES)
def test_parameters_read_from_the_source_are_those_of_the_code(kind, name):
    entry = getattr(registry.load(kind, name), registry.ENTRY_POINTS[kind])
    signature = inspect.signature(entry)
    keyword_only = {
        parameter.name: registry.REQUIRED if parameter.default is parameter.empty else parameter.default
        for parameter in signature.parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY
    }
    known = registry.parameters(kind, name)
    assert {parameter: default for parameter, (_, default) in known.items()} == keyword_only
    if kind == "datasets":  # whose keys the schema checks
        schema = yaml.safe_load(configuration_checks.SCHEMA.read_text(encoding="utf-8"))
        assert set(known) <= set(schema["properties"]["dataset"]["properties"])
    else:
        assert all(annotation in registry.TYPES for annotation, _ in known.values())


@pytest.mark.parametrize(("kind", "name"), ENTRIES)
def test_every_entry_has_the_functions_of_its_kind_and_says_what_it_is(kind, name):
    module = registry.load(kind, name)
    functions = {"losses": ["pixelwise", "reconstruction", "image"], "inference": ["restore"]}
    assert all(callable(getattr(module, function)) for function in functions.get(kind, [registry.ENTRY_POINTS[kind]]))
    assert module.__doc__


def test_the_parameters_of_the_shipped_entries():
    assert registry.parameters("corruptions", "stroke_hole") == {"size": ("Pixels", 6)}
    assert registry.parameters("corruptions", "gaussian_noise") == {"sigma": ("NonNegativeFloat", 0.1)}
    assert registry.parameters("networks", "vae") == {
        "hidden": ("PositiveInt", 400),
        "latent": ("PositiveInt", 20),
    }
    assert registry.parameters("inference", "encode") == {}


def test_check_completes_with_the_defaults():
    assert registry.check("networks", "vae", {"latent": 2}, "somewhere") == {"hidden": 400, "latent": 2}


def test_check_reads_an_entry_without_importing_it(own_registry):
    assert registry.names("corruptions") == ["scratch"]
    complete = registry.check("corruptions", "scratch", {"width": 3, "level": 1, "soft": True}, "here")
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
        registry.check("corruptions", "scratch", given, "here")
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("name", ["unheard_of", "", "__init__", "../losses/bce", "bce", "Vae", "vae.py"])
def test_check_refuses_what_is_no_entry(name):
    with pytest.raises(UserError, match=r"^here: there is no .* among the networks; known: .*vae"):
        registry.check("networks", name, {}, "here")
