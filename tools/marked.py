"""Parts of Markdown files that a program writes: the lines between two marks, and tables."""

import re
from collections.abc import Iterable, Sequence


def placed(text: str, begin: str, end: str, lines: Sequence[str]) -> str:
    """Put lines between the two marks of `text`. Raises ValueError unless it has each mark once, in this order."""
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise ValueError(f"README.md needs the lines '{begin}' and '{end}', once each")
    return re.sub(
        f"(?<={re.escape(begin)}\n).*?(?={re.escape(end)})", lambda _: "\n".join(lines) + "\n", text, flags=re.DOTALL
    )


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table; line ends and bars within a cell are escaped."""
    lines = [columns, ["---"] * len(columns), *rows]
    return [f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in line)} |" for line in lines]
