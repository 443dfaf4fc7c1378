import re

import pytest
from matplotlib import pyplot

from restoration.core.errors import DamagedFile
from restoration.report import embedded_figures, figure_style


@pytest.fixture
def svg(tmp_path):
    figure_style.style()
    figure, axis = pyplot.subplots()
    axis.plot([0, 1], [1, 2], color="0.4", label="a -- & <b>")
    axis.legend()
    figure_style.save(figure, tmp_path / "a.png", tmp_path / "a.svg")
    return tmp_path / "a.svg"


def test_a_drawing_becomes_part_of_the_page_with_names_of_its_own(svg):
    made = embedded_figures.inline(svg, "task.a.loss", 'says "so" & <that>')
    assert made.startswith("<svg ")
    assert 'role="img" aria-label=' in made
    assert "&lt;that&gt;" in made
    assert "<b>" not in made
    assert "<!--" not in made
    assert "http" not in made
    names = re.findall(r' id="([^"]+)"', made)
    assert len(names) == len(set(names)) > 10
    assert all(name.startswith("task.a.loss.") for name in names)
    assert set(re.findall(r'(?:href="|url\()#([^")]+)', made)) <= set(names)
    assert len(made) < svg.stat().st_size


def test_a_drawing_takes_the_colours_of_the_page(svg):
    made = embedded_figures.inline(svg, "a", "")
    assert "var(--ink)" in made
    assert "light-dark(#666666, #8f8f8f)" in made
    assert embedded_figures.adapted("#0173b2") == "#0173b2"
    assert embedded_figures.adapted("#ffffff") == "var(--page)"
    assert not re.search(r"#(262626|ffffff)", made)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "<svg",
        "<html></html>",
        '<svg><image href="https://example.org/a.png"/></svg>',
        '<svg><use href="other.svg#a"/></svg>',
        '<svg><path style="fill: url(https://example.org/a)"/></svg>',
    ],
)
def test_what_is_no_drawing_or_leads_elsewhere_is_refused(content, tmp_path):
    (tmp_path / "a.svg").write_text(content)
    with pytest.raises(DamagedFile, match=r"a\.svg"):
        embedded_figures.inline(tmp_path / "a.svg", "a", "")


def test_scripts_do_not_get_into_the_page(tmp_path):
    (tmp_path / "a.svg").write_text('<svg><script>alert(1)</script><g onclick="alert(2)"><foreignObject/></g></svg>')
    assert embedded_figures.inline(tmp_path / "a.svg", "a", "A") == '<svg role="img" aria-label="A"><g></g></svg>'
