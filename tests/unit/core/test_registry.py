import pytest

from restoration.core import registry
from restoration.core.errors import UserError

ENTRIES = [(kind, name) for kind in registry.ENTRY_POINTS for name in registry.names(kind)]


@pytest.mark.parametrize("kind", registry.ENTRY_POINTS)
def test_the_entries_are_the_files_of_the_folder(kind):
    files = {registry.place(kind, name) for name in registry.names(kind)}
    folder = registry.PACKAGE / registry.FOLDERS[kind]
    assert files | {f"{registry.FOLDERS[kind]}/__init__.py"} == {
        path.relative_to(registry.PACKAGE).as_posix() for path in folder.glob("*.py")
    }
    assert registry.names(kind) == sorted(registry.names(kind)) != []


@pytest.mark.parametrize(("kind", "name"), ENTRIES)
def test_every_entry_has_the_functions_of_its_kind_and_says_what_it_is(kind, name):
    module = registry.load(kind, name)
    functions = {"losses": ["pixelwise", "reconstruction", "image"], "inference": ["restore"]}
    assert all(callable(getattr(module, function)) for function in functions.get(kind, [registry.ENTRY_POINTS[kind]]))
    assert module.__doc__


@pytest.mark.parametrize("name", ["unheard_of", "", "__init__", "../losses/bce", "bce", "Vae", "vae.py"])
def test_check_refuses_what_is_no_entry(name):
    with pytest.raises(UserError, match=r"^here: there is no .* among the networks; known: .*vae"):
        registry.check_name("networks", name, "here")
