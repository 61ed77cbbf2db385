"""An action: which one, with what, why; then what it would do, and the question whether to do it."""

import json
from collections.abc import Mapping, Sequence

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from durahub.errors import DurahubError
from durahub_migrate.monitor.actions import DESTROYS, Command, JobRequest, Possible, Verb
from durahub_migrate.tui import wording
from durahub_migrate.tui.desk import Desk
from durahub_migrate.tui.plain import line, visible
from durahub_migrate.tui.screens.confirm import Confirm

ASKED: Mapping[Verb, tuple[tuple[str, str], ...]] = {
    Verb.RAISE_EVENT: (("name", "name of the event"), ("data", "data, JSON")),
    Verb.SET_CUSTOM_STATUS: (("value", "custom status, JSON"),),
    Verb.RESTART: (("newId", "new ID, empty for the same"),),
    Verb.SIGNAL_ENTITY: (("operation", "operation"), ("data", "data, JSON")),
}
"""What an action wants to know."""
OF_MANY = (Verb.SUSPEND, Verb.RESUME, Verb.TERMINATE, Verb.REWIND, Verb.RESTART, Verb.PURGE)
"""Actions of jobs that are made here."""
_JSON = frozenset({"data", "value"})


class Choose(ModalScreen[Verb]):
    """Lets an action be chosen; those that cannot be done now say why."""

    BINDINGS = [Binding("escape,q", "dismiss", "Close")]
    AUTO_FOCUS = "OptionList"
    CSS = """
    Choose { align: center middle; }
    Choose > VerticalScroll { width: 76; max-width: 100%; height: auto; max-height: 95%;
        border: round $primary; background: $surface; padding: 0 1; }
    """

    def __init__(self, title: str, possible: Sequence[Possible]) -> None:
        super().__init__()
        self._title = title
        self._possible = tuple(possible)

    def compose(self) -> ComposeResult:
        """Yield the actions."""
        options = [
            Option(_offered(one), id=one.verb.value, disabled=not one.allowed)
            for one in self._possible
        ]
        with VerticalScroll():
            yield Static(line(self._title, 72, "bold"), markup=False)
            if options:
                yield OptionList(*options, markup=False, compact=True)
            else:
                yield Static(Text("Nothing can be done here: this monitor only reads."))

    def on_option_list_option_selected(self, chosen: OptionList.OptionSelected) -> None:
        """Take the choice."""
        self.dismiss(Verb(chosen.option_id))


def _offered(one: Possible) -> Text:
    told = Text(one.verb.value)
    if not one.allowed:
        told.append(f"  (not now: {visible(one.why_not or 'it makes no sense here')})")
    elif one.warning:
        told.append(f"  {visible(one.warning)}", style="yellow")
    return told


class Doing(ModalScreen[str]):
    """Asks what an action needs, tells what it would do, and does it. It ends with a sentence.

    With *query* it makes a job instead, which then waits to be started.
    """

    BINDINGS = [Binding("escape", "dismiss", "Close")]
    AUTO_FOCUS = "Input"
    CSS = """
    Doing { align: center middle; }
    Doing > VerticalScroll { width: 76; max-width: 100%; height: auto; max-height: 95%;
        border: round $warning; background: $surface; padding: 0 1; }
    Doing Input { height: 1; border: none; }
    Doing #told { color: $error; }
    """

    def __init__(
        self, desk: Desk, hub: str, verb: Verb, target: str, query: str | None = None
    ) -> None:
        super().__init__()
        self._desk = desk
        self._hub = hub
        self._verb = verb
        self._target = target
        self._query = query

    def compose(self) -> ComposeResult:
        """Yield a field for each argument, and for the reason."""
        what = self._target if self._query is None else f"all that {self._query or '(all)'} finds"
        with VerticalScroll():
            yield Static(line(f"{self._verb.value}: {what}", 72, "bold"), markup=False)
            for name, about in ASKED.get(self._verb, ()):
                yield Input(placeholder=about, id=f"arg-{name}", compact=True)
            needed = "needed" if self._desk.require_reason else "for the audit log"
            yield Input(placeholder=f"reason, {needed}", id="reason", compact=True)
            yield Static("Enter goes on, Escape leaves.", id="told", markup=False)

    def on_input_submitted(self, sent: Input.Submitted) -> None:
        """Go to the next field, or on."""
        if sent.input.id != "reason":
            self.focus_next()
            return
        try:
            command = self._command()
        except ValueError as error:
            self._tell(f"not JSON: {error}")
            return
        if self._query is not None:
            self._make(command, self._query)
        else:
            self._ask(command)

    def _command(self) -> Command:
        arguments: dict[str, object] = {}
        for name, _ in ASKED.get(self._verb, ()):
            text = self.query_one(f"#arg-{name}", Input).value
            if text and name in _JSON:
                json.loads(text)  # what is no JSON no app can read
            if text:
                arguments[name] = text
        return Command(
            verb=self._verb,
            hub=self._hub,
            target=self._target,
            arguments=arguments,
            reason=self.query_one("#reason", Input).value.strip() or None,
        )

    def _make(self, command: Command, query: str) -> None:
        try:
            job = self._desk.make_job(JobRequest(command=command, query=query))
        except DurahubError as error:
            self._tell(str(error))
            return
        self.dismiss(f"job {job.number} is being counted; start it at the jobs")

    @work(exclusive=True)
    async def _ask(self, command: Command) -> None:
        self._tell("looking at what it would do …")
        try:
            cost = await self._desk.cost(command)
        except DurahubError as error:
            self._tell(str(error))
            return
        told = Text(f"{self._verb.value} ").append_text(line(self._target, 200)).append("?\n")
        told.append_text(wording.cost(cost))
        if self._verb in DESTROYS:
            told.append("\nWhat goes is gone for good.", style="bold red")
        if await self.app.push_screen_wait(Confirm(told)):
            await self._do(command)
        else:
            self._tell("Nothing was done.")

    async def _do(self, command: Command) -> None:
        try:
            done = await self._desk.do(command)
        except DurahubError as error:
            self._tell(str(error))
            return
        self.dismiss(done.sentence or f"{self._verb.value}: done")

    def _tell(self, text: str) -> None:
        self.query_one("#told", Static).update(Text(visible(text)))
