"""The keys of a screen, and the language of queries."""

from collections.abc import Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

QUERIES = """
Queries
  status:Running name:Order* age>1h      conditions side by side all hold
  status:(Failed|Terminated) -is:child   or, not
  created>=2026-11-01 id:order/7*        times, patterns
  custom~stock parent:none size>1MB      texts, parents, sizes
  "out of stock"                         anywhere in ID, name and texts

Signs
  ◌ Pending  ▶ Running  ‖ Suspended  ✓ Completed  ✗ Failed  ■ Terminated
  • stands in storage   ≈ follows from what stands there   ? could not be read
"""


class Help(ModalScreen[None]):
    """Tells the keys of the screen below."""

    BINDINGS = [Binding("q,escape,question_mark", "dismiss", "Close")]
    CSS = """
    Help { align: center middle; }
    Help > VerticalScroll { width: 76; max-width: 100%; height: auto; max-height: 90%;
        border: round $primary; background: $surface; padding: 0 1; }
    """

    def __init__(self, keys: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._keys = keys

    def compose(self) -> ComposeResult:
        """Yield the text."""
        told = Text("Keys\n")
        for key, about in self._keys:
            told.append(f"  {key:12}", style="bold").append(f"{about}\n")
        told.append(QUERIES)
        with VerticalScroll():
            yield Static(told, markup=False)
