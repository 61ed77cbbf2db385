"""A run that was stopped and goes on with its work file."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from click.testing import Result

from durahub.errors import BudgetSpent, StorageDenied, WorkFileUnusable
from durahub_migrate.lint.examples import a_hub, an_instance
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.unread import Unread
from durahub_migrate.lint.sources.folder import folder_source
from durahub_migrate.lint.sources.source import Read
from tests.lint.cli.hubs import LONG, InMemory, a_hub_with, run_lint


@dataclass(frozen=True)
class Budgeted:
    """A hub of four instances, of which a run may read two."""

    address: str = "azurite:orders"
    provides: frozenset[Need] = frozenset(Need)

    async def count(self) -> int | None:
        return None

    async def facts(self, after: str | None = None) -> AsyncIterator[Read]:
        yield Read(a_hub())
        first = int(after or 0)
        for number in range(first, min(first + 2, 4)):
            yield Read(an_instance(f"{LONG}-{number}"), str(number + 1))
        if first + 2 < 4:
            spent = Unread(Need.INSTANCES, a_hub().place, BudgetSpent(2), can_go_on=True)
            yield Read(spent)


def test_without_a_work_file_status_4_says_that_something_was_not_read() -> None:
    result = run_lint("hub", "--select", "IDN501", source=Budgeted())

    assert result.exit_code == 4
    assert "with --work FILE the run could go on later" in result.stdout


def test_with_one_status_5_says_that_it_can_go_on_and_it_does(tmp_path: Path) -> None:
    options = ("hub", "--select", "IDN501", "--work", str(tmp_path / "lint.work"))

    stopped = run_lint(*options, source=Budgeted())
    done = run_lint(*options, source=Budgeted())

    assert stopped.exit_code == 5
    assert "the same command goes on where it stopped" in stopped.stdout
    assert done.exit_code == 1
    assert "(4 findings)" in done.stdout


def test_an_ignore_that_silenced_something_before_the_stop_is_not_told_as_useless(
    tmp_path: Path,
) -> None:
    ignored = "[[lint.ignore-finding]]\nrule = 'IDN501'\nreason = 'known'\nwhere = '*-0'\n"
    (tmp_path / "durahub.toml").write_text(ignored)
    options = ("hub", "--select", "IDN501", "--work", str(tmp_path / "lint.work"))

    run_lint(*options, source=Budgeted(), below=tmp_path)
    done = run_lint(*options, source=Budgeted(), below=tmp_path)

    assert "3 errors; 1 suppressed" in done.stdout
    assert "to ignore" not in done.stdout


@dataclass(frozen=True)
class Interrupted(Budgeted):
    """A hub during whose reading somebody presses Ctrl-C."""

    async def facts(self, after: str | None = None) -> AsyncIterator[Read]:
        yield Read(a_hub())
        raise KeyboardInterrupt


def test_ctrl_c_gives_status_5_where_the_run_can_go_on(tmp_path: Path) -> None:
    options = ("hub", "--select", "IDN501")
    work = str(tmp_path / "lint.work")

    kept = run_lint(*options, "--work", work, source=Interrupted())
    lost = run_lint(*options, source=Interrupted())

    assert kept.exit_code == 5
    assert "the same command goes on" in kept.stderr
    assert lost.exit_code != 0
    assert run_lint(*options, "--work", work, source=Budgeted()).exit_code == 5


def test_a_finished_run_is_told_again_and_said_to_be_one(tmp_path: Path) -> None:
    options = ("hub", "--select", "IDN501", "--work", str(tmp_path / "lint.work"))
    first = run_lint(*options)

    again = run_lint(*options, source=a_hub_with(LONG))
    fresh = run_lint(*options, "--fresh", source=a_hub_with(LONG))

    assert "nothing was read" not in first.stdout
    assert "nothing was read: " in again.stdout
    assert "--fresh begins anew" in again.stdout
    assert again.exit_code == 0
    assert fresh.exit_code == 1
    assert "nothing was read" not in fresh.stdout


def test_what_could_not_be_read_is_read_when_it_can_be(tmp_path: Path) -> None:
    options = ("hub", "--select", "IDN501,QUE", "--work", str(tmp_path / "lint.work"))
    denied = Unread(Need.QUEUES, a_hub().place, StorageDenied("queue", "no role"))
    gap = InMemory([a_hub(), denied, an_instance(LONG)])

    first = run_lint(*options, source=gap)
    still = run_lint(*options, source=gap)
    mended = run_lint(*options, source=a_hub_with(LONG))
    again = run_lint(*options, source=a_hub_with())

    assert (first.exit_code, still.exit_code) == (4, 4)
    assert "begun anew" not in first.stdout
    assert "could not read everything, so it was begun anew" in still.stdout
    assert mended.exit_code == 1
    assert "(1 finding)" in mended.stdout  # once, not once a run
    assert "not read:" not in mended.stdout
    assert "nothing was read" in again.stdout


def test_a_run_that_comes_no_further_does_not_ask_to_be_repeated(tmp_path: Path) -> None:
    stuck = InMemory([a_hub(), Unread(Need.INSTANCES, a_hub().place, BudgetSpent(2), True)])
    options = ("hub", "--select", "IDN501", "--work", str(tmp_path / "lint.work"))

    result = run_lint(*options, source=stuck)

    assert result.exit_code == 4
    assert "--max-requests is too few for one step" in result.stdout
    assert "goes on" not in result.stdout


def test_fresh_needs_a_work_file() -> None:
    assert run_lint("hub", "--fresh").exit_code == 2


def test_fresh_takes_a_work_file_of_another_run_but_no_other_file(tmp_path: Path) -> None:
    work, other = tmp_path / "lint.work", tmp_path / "notes"
    other.write_text("something that is no work file and stays as it is")
    run_lint("hub", "--select", "IDN501", "--work", str(work))

    refused = run_lint("hub", "--select", "IDN", "--work", str(work))
    taken = run_lint("hub", "--select", "IDN", "--work", str(work), "--fresh")
    left = run_lint("hub", "--select", "IDN", "--work", str(other), "--fresh")

    assert isinstance(refused.exception, WorkFileUnusable)
    assert "--fresh begins anew" in str(refused.exception)
    assert taken.exit_code == 0
    assert isinstance(left.exception, WorkFileUnusable)
    assert other.read_text().startswith("something")


def test_what_was_found_in_files_that_have_changed_is_not_told_again(tmp_path: Path) -> None:
    host = tmp_path / "app" / "host.json"
    host.parent.mkdir()
    text = '{"version": "2.0", "extensions": {"durableTask": {"storageProvider": {"type": "%s"}}}}'
    host.write_text(text % "azure")
    options = ("hub", "--select", "CFG101", "--work", str(tmp_path / "lint.work"))

    def run(*more: str) -> Result:
        return run_lint(*options, *more, source=folder_source(str(host.parent)))

    first, again = run(), run()
    host.write_text(text % "AzureStorage")
    changed, anew = run(), run("--fresh")

    assert "CFG101" in first.stdout
    assert "CFG101" in again.stdout
    assert isinstance(changed.exception, WorkFileUnusable)
    assert "other sources" in str(changed.exception)
    assert "CFG101" not in anew.stdout
    assert anew.exit_code == 0
