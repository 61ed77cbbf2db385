"""A question before something is done."""

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static


class Confirm(ModalScreen[bool]):
    """Asks; *No* has the cursor."""

    BINDINGS = [Binding("escape,q,n", "no", "No"), Binding("y", "yes", "Yes")]
    AUTO_FOCUS = "#no"
    CSS = """
    Confirm { align: center middle; }
    Confirm > Vertical { width: 70; max-width: 100%; height: auto; max-height: 95%;
        border: round $warning; background: $surface; padding: 0 1; }
    Confirm Horizontal { height: auto; }
    """

    def __init__(self, question: Text) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """Yield the question and two answers."""
        with Vertical():
            yield Static(self._question, markup=False)
            with Horizontal():
                yield Button("No (n)", id="no", compact=True)
                yield Button("Yes (y)", id="yes", variant="warning", compact=True)

    def on_button_pressed(self, pressed: Button.Pressed) -> None:
        """Take the answer."""
        self.dismiss(pressed.button.id == "yes")

    def action_yes(self) -> None:
        """Do it."""
        self.dismiss(True)

    def action_no(self) -> None:
        """Do nothing."""
        self.dismiss(False)
