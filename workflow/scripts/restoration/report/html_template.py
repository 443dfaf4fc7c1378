"""Jinja templates of the report and of the index page."""

from pathlib import Path
from typing import Any

from markupsafe import Markup


def raw(path: str | Path) -> Markup:
    """Read a style or a script of this repository for a page, unescaped. Never pass a file of data."""
    return Markup(Path(path).read_text(encoding="utf-8"))


def render(template: str | Path, **values: Any) -> str:
    """Render a template, which may call `raw`; values are escaped. Raises jinja2.UndefinedError for unknown names."""
    import jinja2  # each call of Snakemake imports this module

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.from_string(Path(template).read_text(encoding="utf-8")).render(values, raw=raw)
