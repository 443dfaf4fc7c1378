import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restoration.core import fingerprint, registry

SCRIPTS = fingerprint.SCRIPTS
TRAIN_PARTS = [("corruptions", "stroke_hole"), ("networks", "vae"), ("losses", "bce")]


def digests(script: str, parts: list[tuple[str, str]] | None = None) -> dict[str, str]:
    """File to digest, as the files are now."""
    for function in vars(fingerprint).values():
        if hasattr(function, "cache_clear"):
            function.cache_clear()
    return dict(line.split(" = ") for line in fingerprint.code(script, parts or []))


@pytest.fixture
def scripts(tmp_path, monkeypatch) -> Path:
    """A copy of workflow/scripts in the place of the real one."""
    shutil.copytree(SCRIPTS, tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(fingerprint, "SCRIPTS", tmp_path / "scripts")
    return tmp_path / "scripts"


@pytest.fixture
def write(tmp_path, monkeypatch) -> Callable[..., None]:
    """Write files of an otherwise empty folder of scripts."""
    (tmp_path / "restoration").mkdir()
    (tmp_path / "restoration" / "__init__.py").touch()
    monkeypatch.setattr(fingerprint, "SCRIPTS", tmp_path)

    def put(files: dict[str, str]) -> None:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return put


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_comments_docstrings_and_layout_change_no_digest(scripts):
    before = digests("train.py", TRAIN_PARTS)
    for path in scripts.rglob("*.py"):
        text = re.sub(r'^"""', '"""Another first line.\n\n', path.read_text(), count=1)
        text = re.sub(r'^( +)"""(?=\w)', r'\1"""Other words. ', text, flags=re.MULTILINE)
        path.write_text(f"# A comment.\n{text}\n\n# The end.\n")
    assert digests("train.py", TRAIN_PARTS) == before


def test_a_docstring_that_comes_or_goes_changes_no_digest(write):
    codes = []
    for docstring in ("", "    'One.'\n", '    """Another."""\n'):
        write({"script.py": f"class A:\n{docstring}    def f(self):\n    {docstring}        return 1\n"})
        codes.append(digests("script.py"))
    assert codes[0] == codes[1] == codes[2]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("restoration/models/gaussian_latent.py", "0.5 * logvar", "0.4 * logvar"),
        ("restoration/models/training.py", "CHUNK = 50", "CHUNK = 51"),
        ("restoration/data/corruptions/stroke_hole.py", "size // 2", "size // 3"),
        ("restoration/models/losses/bce.py", "value=-1", "value=1"),
        ("restoration/models/networks/vae.py", "nn.ReLU", "nn.GELU"),
        ("train.py", '"initialisation"', '"start"'),
    ],
)
def test_changed_code_changes_the_digest_of_its_file_alone(file, old, new, scripts):
    before = digests("train.py", TRAIN_PARTS)
    replace(scripts / file, old, new)
    after = digests("train.py", TRAIN_PARTS)
    assert after.keys() == before.keys()
    assert [name for name in before if before[name] != after[name]] == [file]


def test_a_string_that_is_no_docstring_is_code(write):
    write({"script.py": "def f():\n    x = 'one'\n    return x\n"})
    before = digests("script.py")
    write({"script.py": "def f():\n    x = 'two'\n    return x\n"})
    assert digests("script.py") != before


def test_imports_are_followed_at_any_depth_and_in_any_form(write):
    write(
        {
            "script.py": "import os, restoration.a\ndef f():\n    from restoration import b\n",
            "restoration/a.py": "from restoration.folder.c import thing\nimport restoration.deep.inner\n",
            "restoration/deep/__init__.py": "",
            "restoration/deep/inner.py": "",
            "restoration/b.py": "class B:\n    def f(self):\n        import restoration.d as renamed\n",
            "restoration/d.py": "try:\n    from restoration.folder import e\nexcept ImportError:\n    pass\n",
            "restoration/folder/__init__.py": "",
            "restoration/folder/c.py": "from restoration import not_a_module\n",
            "restoration/folder/e.py": "import restoration.a, restoration.folder.e\n",
            "restoration/unused.py": "",
            "restoration/folder/unused.py": "",
            "unused.py": "",
        }
    )
    assert set(digests("script.py")) == {
        "script.py",
        "restoration/__init__.py",
        *(
            f"restoration/{name}.py"
            for name in ("a", "b", "d", "deep/__init__", "deep/inner", "folder/__init__", "folder/c", "folder/e")
        ),
    }


def test_parts_are_followed_with_their_registry(write):
    write(
        {
            "script.py": "",
            "restoration/helper.py": "",
            "restoration/models/losses/__init__.py": "",
            "restoration/models/losses/mine.py": "from restoration import helper\n",
            "restoration/models/losses/other.py": "",
        }
    )
    assert set(digests("script.py")) == {"script.py"}
    assert set(digests("script.py", [("losses", "mine")])) == {
        "script.py",
        "restoration/__init__.py",
        "restoration/helper.py",
        "restoration/models/losses/__init__.py",
        "restoration/models/losses/mine.py",
    }


LOADED = """
import json, sys, types
scripts, without_effect, names = json.loads(sys.argv[1])
sys.path.insert(0, scripts)

class Stub(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})

found = {}
for name in names:
    for module in [module for module in sys.modules if module.split(".")[0] == "restoration"]:
        del sys.modules[module]
    stubs = {stub.removesuffix(".py").replace("/", "."): Stub(stub) for stub in without_effect}
    sys.modules |= stubs
    __import__(name)
    del sys.modules[name]
    loaded = [m for key, m in sys.modules.items() if key.split(".")[0] == "restoration" and key not in stubs]
    found[name] = sorted(m.__file__ for m in loaded)
print(json.dumps(found))
"""


def test_the_code_of_every_script_is_what_python_imports_for_it():
    names = sorted(path.stem for path in SCRIPTS.glob("*.py"))
    arguments = json.dumps([str(SCRIPTS), sorted(fingerprint.WITHOUT_EFFECT), names])
    found = subprocess.run(
        [sys.executable, "-c", LOADED, arguments], capture_output=True, text=True, check=True, timeout=120
    )
    for name, files in json.loads(found.stdout).items():
        expected = {Path(file).relative_to(SCRIPTS).as_posix() for file in files} | {f"{name}.py"}
        assert set(digests(f"{name}.py")) == expected


@pytest.mark.parametrize(
    "module",
    ["evaluation/metrics", "evaluation/scoring", "report/figure_style", "tracking/run_log", "models/training_progress"],
)
def test_a_training_does_not_depend_on_what_comes_after_it(module):
    assert f"restoration/{module}.py" not in digests("train.py", TRAIN_PARTS)


@pytest.mark.parametrize(
    "module",
    [
        "models/training",
        "models/objective",
        "models/gaussian_latent",
        "models/model_file",
        "models/variants",
        "core/fingerprint",
        "models/networks/vae",
    ],
)
def test_a_training_depends_on_what_it_computes_with(module):
    assert f"restoration/{module}.py" in digests("train.py", TRAIN_PARTS)


def test_a_job_depends_on_no_entry_but_its_own():
    files = set(digests("train.py", TRAIN_PARTS))
    for kind in registry.ENTRY_POINTS:
        entries = {f"restoration/{registry.FOLDERS[kind]}/{name}.py" for name in registry.names(kind)}
        assert files & entries == {
            f"restoration/{registry.FOLDERS[part]}/{name}.py" for part, name in TRAIN_PARTS if part == kind
        }


def test_the_code_is_sorted_and_the_same_twice():
    lines = fingerprint.code("evaluate.py", TRAIN_PARTS)
    assert lines == sorted(lines)
    assert lines == fingerprint.code("evaluate.py", TRAIN_PARTS[::-1])


def test_settings_are_lines_with_a_name_each():
    settings = {"loss": "bce", "training": {"epochs": 10, "rates": [0.1, 1]}, "variant": {"parameters": {}}, "n": None}
    lines = fingerprint.write_settings(settings)
    assert lines == [
        'loss = "bce"',
        "training.epochs = 10",
        "training.rates = [0.1, 1]",
        "variant.parameters = {}",
        "n = null",
    ]
    assert fingerprint.read_settings(lines) == settings


names = st.text(st.characters(codec="ascii", categories=["L", "N"], include_characters="_-"), min_size=1, max_size=5)
simple = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6)
nested = st.recursive(
    simple | st.lists(simple, max_size=3), lambda inner: st.dictionaries(names, inner, max_size=3), max_leaves=10
)


@given(settings=st.dictionaries(names, nested, max_size=4))
def test_settings_are_read_as_they_were_written(settings):
    read = fingerprint.read_settings(fingerprint.write_settings(settings))
    assert read == settings
    assert json.dumps(read) == json.dumps(settings)  # types and order as well


def test_an_identity_stands_for_parameters_and_the_contents_of_inputs(tmp_path):
    one, same, other = (tmp_path / name for name in ("one", "same", "other"))
    one.write_text("content")
    same.write_text("content")
    other.write_text("other content")
    lines = ["a = 1", "b = 2"]
    first = fingerprint.identity(lines, [one])
    assert re.fullmatch("[0-9a-f]{16}", first)
    assert fingerprint.identity(["b = 2", "a = 1"], [same]) == first
    others = [
        fingerprint.identity(["a = 2", "b = 1"], [one]),
        fingerprint.identity(["a = 1"], [one]),
        fingerprint.identity(lines, [other]),
        fingerprint.identity(lines, [one, other]),
        fingerprint.identity(lines, []),
        fingerprint.identity(lines, [other, one]),
    ]
    assert len({first, *others}) == 7


def test_derived_seeds_are_stable():
    assert fingerprint.derived_seed(0, "training") == 26962772879181041
    assert fingerprint.derived_seed(0, "corrupt", "test") == 26570519379550375


def test_derived_seeds_differ_by_seed_and_purpose():
    purposes = [("training",), ("initialisation",), ("order", "0"), ("order", "1"), ("corrupt", "test"), ()]
    seeds = {fingerprint.derived_seed(seed, *purpose) for seed in (0, 1, 10) for purpose in purposes}
    assert len(seeds) == 18
    assert all(0 <= seed < 2**63 for seed in seeds)
