"""A section of a report, and how its figures are written."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.table import Table


@dataclass(frozen=True)
class Section:
    """A heading, what to know, and rows."""

    title: str
    text: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def table(self, markdown: bool) -> Table:
        """Return the rows as a table of ``rich``."""
        table = Table(box=box.MARKDOWN if markdown else box.SIMPLE, title=None)
        for number, column in enumerate(self.columns):
            table.add_column(column, justify="left" if number == 0 else "right", no_wrap=markdown)
        for row in self.rows:
            table.add_row(*row)
        return table


def number(value: float) -> str:
    """Return a figure with three places that count, or two behind the point."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
