import subprocess

import pytest

from checkout import ROOT
from restoration.core.errors import DamagedFile
from restoration.report import ro_crate


def git(folder, *arguments):
    identity = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


def test_the_code_has_the_version_of_its_commit_and_none_without_a_history(tmp_path):
    assert ro_crate.code_version(tmp_path) == {"commit": None, "changed": []}
    git(tmp_path, "init")
    (tmp_path / "a.py").write_text("1")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "one")
    clean = ro_crate.code_version(tmp_path)
    assert len(clean["commit"]) == 40
    assert clean["changed"] == []
    (tmp_path / "a.py").write_text("2")
    (tmp_path / "b.py").write_text("3")
    assert ro_crate.code_version(tmp_path) == {"commit": clean["commit"], "changed": ["a.py", "b.py"]}
    (tmp_path / "archive").mkdir()
    assert ro_crate.code_version(tmp_path / "archive") == {"commit": None, "changed": []}  # not of another's commit


def test_the_authors_and_the_licence_are_those_of_the_citation(tmp_path):
    file = tmp_path / "CITATION.cff"
    file.write_text(
        "license: MIT\n"
        "authors:\n"
        "  - {given-names: Ada, name-particle: de, family-names: Vries, orcid: https://orcid.org/0000-0001-2345-6789}\n"
        "  - {name: A Group}\n"
    )
    assert ro_crate.credits(file) == (
        "MIT",
        [
            {"@id": "https://orcid.org/0000-0001-2345-6789", "@type": "Person", "name": "Ada de Vries"},
            {"@id": "#A%20Group", "@type": "Organization", "name": "A Group"},
        ],
    )
    assert ro_crate.credits(ROOT / "CITATION.cff")[0] == "MIT"


@pytest.mark.parametrize("text", ["", "license: MIT\n", "authors: [{name: A}]\n", "license: MIT\nauthors: 3\n", "{"])
def test_a_citation_that_says_neither_is_named(text, tmp_path):
    (tmp_path / "CITATION.cff").write_text(text)
    with pytest.raises(DamagedFile, match=r"CITATION\.cff"):
        ro_crate.credits(tmp_path / "CITATION.cff")
