"""Texts of others on a terminal: nothing in them is an order to it, nor markup.

Names and payloads may hold escape sequences, marks that turn the direction of writing, and ``[red]``. Here
every character that is not to be seen becomes one that is, and the result is a `Text`, which nothing parses.
"""

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from durahub.model.visible import visible

__all__ = ["block", "line", "visible"]


def line(text: str | None, width: int = 0, style: str = "") -> Text:
    """Return *text* in one line, cut to *width* cells with ``…`` unless that is 0; ``-`` for none."""
    if text is None:
        return Text("-", style="dim")
    # What is far behind the cut need not be looked at: a payload may have megabytes.
    shown = visible(text[: width * 4] if width else text)
    if width and (cell_len(shown) > width or len(text) > width * 4):
        shown = set_cell_size(shown, width - 1).rstrip() + "…"
    return Text(shown, style=style, no_wrap=True, end="")


def block(text: str, style: str = "") -> Text:
    """Return *text* with its line ends."""
    return Text(visible(text.replace("\r\n", "\n"), lines=True), style=style)
