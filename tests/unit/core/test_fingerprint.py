import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from restoration.core import fingerprint

SCRIPTS = fingerprint.SCRIPTS
ALL = sorted(path.stem for path in SCRIPTS.glob("*.py"))
TRAIN_PARTS = [("corruptions", "stroke_hole"), ("networks", "vae"), ("losses", "bce")]


def digests(script: str, parts: list[tuple[str, str]] | None = None) -> dict[str, str]:
    """Name to digest, as the files are now."""
    for function in vars(fingerprint).values():
        if hasattr(function, "cache_clear"):
            function.cache_clear()
    return dict(line.split(" = ") for line in fingerprint.code(script, parts or []))


@pytest.fixture
def scripts(tmp_path, monkeypatch) -> Path:
    """A copy of workflow/scripts in the place of the real one."""
    for folder in ("scripts", "schemas"):
        shutil.copytree(SCRIPTS.parent / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
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
        ("restoration/core/determinism.py", "set_num_threads(1)", "set_num_threads(2)"),
        ("restoration/core/determinism.py", "digest()[:7]", "digest()[:6]"),
        ("restoration/core/determinism.py", "256 * 2**20", "128 * 2**20"),
        ("restoration/core/job_parameters.py", "json.loads(value)", "json.loads(value, parse_int=float)"),
        ("train.py", '"initialisation"', '"start"'),
    ],
)
def test_changed_code_changes_the_digest_of_its_file_alone(file, old, new, scripts):
    before = digests("train.py", TRAIN_PARTS)
    replace(scripts / file, old, new)
    after = digests("train.py", TRAIN_PARTS)
    assert after.keys() == before.keys()
    name = file.removesuffix(".py").replace("/", ".") if "/" in file else file
    assert [module for module in before if before[module] != after[module]] == [name]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("restoration/data/dataset_files.py", "images of mixed sizes", "sizes differ, {len(splits)} splits"),
        ("restoration/core/artifacts.py", "it has no {', '.join(missing)}", "not there: {missing}"),
        ("restoration/core/registry.py", "there is no {quoted(name)} among", "{name} is none of"),
        ("restoration/config/part_checks.py", "'{name}' has no such parameter", "'{name}' does not take this"),
        ("../schemas/parts.schema.yaml", "a whole number from 1", "an integer from 1"),
        ("restoration/models/training.py", "the training goes on", "training continues"),
        ("restoration/core/artifacts.py", "UserError, reason", "UserError, quoted, reason"),
    ],
)
def test_what_is_only_said_changes_no_digest(file, old, new, scripts):
    before = digests("train.py", TRAIN_PARTS)
    replace(scripts / file, old, new)
    assert digests("train.py", TRAIN_PARTS) == before


@pytest.mark.parametrize(
    ("one", "other", "counts"),
    [
        ('raise ValueError(f"{a}")', "raise ValueError", True),
        ('raise ValueError(f"{a}")', 'raise ValueError("b", a)', False),
        ('raise ValueError("a")', 'raise TypeError("a")', True),
        ('error = UserError("a")', 'error = UserError(f"{reason(b)}")', False),
        ('raise NotTested("a")', 'raise NotTested("b")', True),  # whose words are a result
        ("raise StopIteration(1)", "raise StopIteration(2)", True),
        ("raise SystemExit(1)", "raise SystemExit(2)", True),
        ('assert a, "one"', 'assert a, "two"', False),
        ('assert a, "one"', 'assert b, "one"', True),
        ('logger.info("one", f())', 'logger.warning("two", f())', True),
        ('logger.info("one", f())', 'logger.info("two", f())', False),
        ('logger.info("one", f())', 'logger.info("one", g())', True),
        ('print("one")', 'print("two")', True),
        ("if TYPE_CHECKING:\n    import torch", "if TYPE_CHECKING:\n    import restoration", False),
        ("if a:\n    import torch", "if a:\n    import restoration", True),
        ("def f():\n    x = 'one'", "def f():\n    x = 'two'", True),  # a string that is no docstring
    ],
)
def test_the_arguments_of_errors_do_not_count_and_what_is_computed_does(one, other, counts, write):
    write({"script.py": one})
    before = digests("script.py")
    write({"script.py": other})
    assert (digests("script.py") != before) is counts


def test_imports_are_followed_at_any_depth_and_in_any_form(write):
    followed = {
        "restoration/a.py": "from restoration.folder.c import thing\nimport restoration.deep.inner\n",
        "restoration/b.py": "class B:\n    def f(self):\n        import restoration.d as renamed\n",
        "restoration/d.py": "try:\n    from restoration.folder import e\nexcept ImportError:\n    pass\n",
        "restoration/deep/inner.py": "from . import beside\nfrom .near import thing\nfrom ..above import x\n",
        **{f"restoration/{name}.py": "" for name in ("above", "deep/beside", "deep/near")},
        "restoration/folder/c.py": "from restoration import not_a_module\n",
        "restoration/folder/e.py": "import restoration.a, restoration.folder.e\n",
    }
    folders = {f"restoration/{name}/__init__.py": "" for name in ("deep", "folder")}
    unused = dict.fromkeys(("restoration/unused.py", "restoration/folder/unused.py", "unused.py"), "")
    script = {"script.py": "import os, restoration.a\ndef f():\n    from restoration import b\n"}
    write(script | followed | folders | unused)
    modules = {name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in followed | folders}
    assert set(digests("script.py")) == {"script.py", "restoration", *modules}


def test_parts_are_followed_with_their_registry(write):
    losses = "restoration/models/losses"
    write({"script.py": "", "restoration/helper.py": "", f"{losses}/__init__.py": "", f"{losses}/other.py": ""})
    write({f"{losses}/mine.py": "from restoration import helper\n"})
    assert set(digests("script.py")) == {"script.py"}
    modules = {"restoration", "restoration.helper", "restoration.models.losses", "restoration.models.losses.mine"}
    assert set(digests("script.py", [("losses", "mine")])) == {"script.py", *modules}


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
    stubs = {stub: Stub(stub) for stub in without_effect}
    sys.modules |= stubs
    __import__(name)
    del sys.modules[name]
    loaded = [m for key, m in sys.modules.items() if key.split(".")[0] == "restoration" and key not in stubs]
    found[name] = sorted(m.__name__ for m in loaded)
print(json.dumps(found))
"""


@pytest.mark.parametrize("names", [["train"], pytest.param(ALL, marks=pytest.mark.long)], ids=["train", "all"])
def test_the_code_of_every_script_is_what_python_imports_for_it(names):
    arguments = json.dumps([str(SCRIPTS), sorted(fingerprint.WITHOUT_EFFECT), names])
    found = subprocess.run(
        [sys.executable, "-c", LOADED, arguments], capture_output=True, text=True, check=True, timeout=120
    )
    later = {"register": digests("restoration/champion/pyfunc_model.py")}  # what restores is loaded by the mirror alone
    for name, modules in json.loads(found.stdout).items():
        assert set(digests(f"{name}.py")) == {*modules, *later.get(name, ()), f"{name}.py"}


def test_the_code_is_sorted_and_the_same_twice():
    lines = fingerprint.code("evaluate.py", TRAIN_PARTS)
    assert lines == sorted(lines)
    assert lines == fingerprint.code("evaluate.py", iter(TRAIN_PARTS[::-1]))
