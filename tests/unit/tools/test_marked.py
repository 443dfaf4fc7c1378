import marked
import pytest

BEGIN, END = "<!-- begin -->", "<!-- end -->"


@pytest.mark.parametrize("text", ["none", BEGIN, f"{END}\n{BEGIN}\n", 2 * f"{BEGIN}\n{END}\n"])
def test_a_file_without_its_marks_is_refused(text):
    with pytest.raises(ValueError, match="needs the lines"):
        marked.placed(text, BEGIN, END, ["a"])


def test_a_cell_of_a_table_stays_one_cell():
    assert marked.table(["a", "b"], [["x | y", "two\nlines"]]) == [
        "| a | b |",
        "| --- | --- |",
        "| x \\| y | two lines |",
    ]
