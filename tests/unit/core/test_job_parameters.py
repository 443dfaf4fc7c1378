import json
import re

from hypothesis import given
from hypothesis import strategies as st

from restoration.core import job_parameters


def test_settings_are_lines_with_a_name_each():
    settings = {"loss": "bce", "training": {"epochs": 10, "rates": [0.1, 1]}, "variant": {"parameters": {}}, "n": None}
    lines = job_parameters.write_settings(settings)
    assert lines == [
        'loss = "bce"',
        "training.epochs = 10",
        "training.rates = [0.1, 1]",
        "variant.parameters = {}",
        "n = null",
    ]
    assert job_parameters.read_settings(lines) == settings


names = st.text(st.characters(codec="ascii", categories=["L", "N"], include_characters="_-"), min_size=1, max_size=5)
simple = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6)
nested = st.recursive(
    simple | st.lists(simple, max_size=3), lambda inner: st.dictionaries(names, inner, max_size=3), max_leaves=10
)


@given(settings=st.dictionaries(names, nested, max_size=4))
def test_settings_are_read_as_they_were_written(settings):
    read = job_parameters.read_settings(job_parameters.write_settings(settings))
    assert read == settings
    assert json.dumps(read) == json.dumps(settings)  # types and order as well


def test_an_identity_stands_for_parameters_and_the_contents_of_inputs(tmp_path):
    one, same, other = (tmp_path / name for name in ("one", "same", "other"))
    one.write_text("content")
    same.write_text("content")
    other.write_text("other content")
    lines = ["a = 1", "b = 2"]
    first = job_parameters.identity(lines, [one])
    assert re.fullmatch("[0-9a-f]{16}", first)
    assert job_parameters.identity(["b = 2", "a = 1"], [same]) == first
    others = [(["a = 2", "b = 1"], [one]), (["a = 1"], [one])]
    others += [(lines, inputs) for inputs in ([other], [one, other], [], [other, one])]
    assert len({first, *(job_parameters.identity(*of) for of in others)}) == 7
