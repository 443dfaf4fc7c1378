import subprocess

from restoration import provenance


def git(folder, *arguments):
    identity = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


def test_the_code_has_the_version_of_its_commit(tmp_path):
    git(tmp_path, "init")
    (tmp_path / "a.py").write_text("1")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "one")
    clean = provenance.code_version(tmp_path)
    assert len(clean["commit"]) == 40
    assert clean["changed"] == []
    (tmp_path / "a.py").write_text("2")
    (tmp_path / "b.py").write_text("3")
    assert provenance.code_version(tmp_path) == {"commit": clean["commit"], "changed": ["a.py", "b.py"]}


def test_a_folder_without_a_history_has_no_version(tmp_path):
    assert provenance.code_version(tmp_path) == {"commit": None, "changed": []}
