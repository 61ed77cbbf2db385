"""Jobs: actions on all instances that a query found. They are counted first, and started here."""

from collections.abc import Callable, Sequence

from rich.text import Text
from textual.binding import Binding

from durahub.errors import DurahubError
from durahub_migrate.acting.audit import Who
from durahub_migrate.monitor.actions import JobState, JobView
from durahub_migrate.tui import wording
from durahub_migrate.tui.desk import Desk
from durahub_migrate.tui.desk import Jobs as Runs
from durahub_migrate.tui.plain import line
from durahub_migrate.tui.screens.confirm import Confirm
from durahub_migrate.tui.screens.page import Page, fill

COLUMNS = ("no", "state", "action", "hub", "done", "failed", "skipped", "query", "problem")


class Jobs(Page):
    """All jobs of this data folder, the newest first."""

    BINDINGS = [
        Binding("s", "start", "Start"),
        Binding("p", "pause_job", "Pause job"),
        Binding("g", "resume", "Go on"),
        Binding("x", "cancel", "End job"),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._found: tuple[JobView, ...] = ()

    def where(self) -> Sequence[str]:
        """Return the title."""
        return ("jobs",)

    async def load(self) -> str | None:
        """Show the jobs."""
        sight = self.desk.sight
        found = self.desk.jobs.all() if self.desk.jobs is not None else ()
        self._found = tuple(one for one in found if sight.may("read", one.request.command.hub))
        fill(self.table, map(_cells, sight.shown(self._found)), COLUMNS)
        reads = "" if self.desk.jobs is not None else "this monitor only reads"
        self.show_place(reads or f"{len(self._found)} jobs")
        return None

    def action_start(self) -> None:
        """Start a job, after its cost was read."""
        job = self._chosen
        if job is None:
            return
        told = Text(f"Start job {job.number}: {job.request.command.verb.value}?\n")
        told.append_text(line(job.request.query or "all instances", 200)).append("\n")
        if job.cost is not None:
            told.append_text(wording.cost(job.cost))

        def confirmed(yes: bool | None) -> None:
            if yes:
                self._steer(lambda runs, who: runs.start(job.number, who))

        self.app.push_screen(Confirm(told), confirmed)

    def action_pause_job(self) -> None:
        """Pause a job behind the instance that is under way."""
        self._steer(lambda runs, _: runs.pause(self._number))

    def action_resume(self) -> None:
        """Go on with a job."""
        self._steer(lambda runs, who: runs.resume(self._number, who))

    def action_cancel(self) -> None:
        """End a job; what was done stays done."""
        self._steer(lambda runs, _: runs.cancel(self._number))

    def _steer(self, how: Callable[[Runs, Who], JobView]) -> None:
        if self._chosen is None:
            return
        try:
            self.desk.steer(self._chosen, how)
        except DurahubError as error:
            self.app.notify(str(error), severity="error", markup=False)
        self.load_again()

    @property
    def _chosen(self) -> JobView | None:
        place = self.table.cursor_row
        return self._found[place] if 0 <= place < len(self._found) else None

    @property
    def _number(self) -> str:
        return self._chosen.number if self._chosen is not None else ""


def _cells(job: JobView) -> tuple[Text, ...]:
    style = {JobState.FAILED: "bold red", JobState.READY: "yellow"}.get(job.state, "")
    return (
        Text(job.number, end=""),
        Text(job.state.value, style=style, end=""),
        Text(job.request.command.verb.value, end=""),
        line(job.request.command.hub, 30),
        Text(f"{job.done:,}/{job.total:,}", end=""),
        Text(f"{job.failed:,}", style="red" if job.failed else "", end=""),
        Text(f"{job.skipped:,}", end=""),
        line(job.request.query or "all", 60),
        line(job.problem or "", 120, "yellow"),
    )
