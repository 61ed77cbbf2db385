"""Files: fixes that are shown or written, and ignores that stand in them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from durahub.dispatch.clock import system_clock
from durahub_migrate.cli.lint_fixing import differences, write_fixes
from durahub_migrate.cli.lint_run import Asked, a_book, lint
from durahub_migrate.lint.facts.apps import AppFacts
from durahub_migrate.lint.facts.templates import TemplateFacts
from durahub_migrate.lint.finding import Edit, Finding, Fix, Severity
from durahub_migrate.lint.reporting.results import Results
from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.settings.settings import Settings
from durahub_migrate.lint.sources.folder import folder_source
from durahub_migrate.lint.target import Given

HOST_JSON = '{\n  "version": "2.0",\n  "extensions": {"durableTask": {"hubName": "old"}}\n}\n'
ASKED = Asked(settings=Settings(), now=system_clock())


class Renamed(Rule[Any]):
    """Finds hubs called old.

    Why it matters: it is a test.

    What to do: rename them.
    """

    code = "CFG199"
    message = "hub is called old"
    severity = Severity.ERROR
    source = "a test"
    about = (AppFacts,)

    def __init__(self, *, safe: bool) -> None:
        self._safe = safe

    def check(self, fact: AppFacts, given: Given) -> Iterator[Finding]:
        entry = fact.get("hubName")
        if entry is None or entry.text != "old" or entry.member is None or entry.document is None:
            return
        span = entry.member.value.span
        edit = Edit(span.start, span.stop, '"new"')
        fix = Fix("rename it", entry.document.path, (edit,), self._safe)
        yield self.at(entry.place, "the hub is called old", head="old", fix=fix)


class AnyResource(Rule[Any]):
    """Finds templates.

    Why it matters: it is a test.

    What to do: nothing.
    """

    code = "ARM999"
    message = "there is a resource"
    severity = Severity.ERROR
    source = "a test"
    about = (TemplateFacts,)

    def check(self, fact: TemplateFacts, given: Given) -> Iterator[Finding]:
        for resource in fact.resources:
            yield self.at(resource.place(), "there is one")


def an_app(folder: Path) -> Path:
    (folder / "host.json").write_text(HOST_JSON)
    return folder / "host.json"


def test_a_difference_is_shown_and_nothing_is_written(tmp_path: Path) -> None:
    file = an_app(tmp_path)

    said = differences(ASKED, [folder_source(str(tmp_path))], [Renamed(safe=True)], unsafe=False)

    assert '-  "extensions": {"durableTask": {"hubName": "old"}}' in said
    assert '+  "extensions": {"durableTask": {"hubName": "new"}}' in said
    assert file.read_text() == HOST_JSON


def test_a_safe_fix_is_written_and_what_is_judged_then_is_the_fixed_file(tmp_path: Path) -> None:
    file = an_app(tmp_path)
    rules = [Renamed(safe=True)]

    then, changed = write_fixes(ASKED, [folder_source(str(tmp_path))], rules, unsafe=False)

    assert changed == [str(file)]
    assert file.read_text() == HOST_JSON.replace("old", "new")
    assert differences(ASKED, then, rules, unsafe=False) == ""


def test_an_unsafe_fix_is_written_on_demand_only(tmp_path: Path) -> None:
    file = an_app(tmp_path)
    sources = [folder_source(str(tmp_path))]

    assert write_fixes(ASKED, sources, [Renamed(safe=False)], unsafe=False)[1] == []
    assert write_fixes(ASKED, sources, [Renamed(safe=False)], unsafe=True)[1] == [str(file)]


BICEP = """resource s 'Microsoft.DurableTask/schedulers@2025-11-01' = { // durahub-lint: ignore {said}
  name: 'orders'
  location: 'westeurope'
}
"""


async def linted(folder: Path, said: str) -> tuple[Results, list[str | None]]:
    """Return the results, and the reasons of suppressed findings."""
    (folder / "main.bicep").write_text(BICEP.replace("{said}", said))
    async with a_book(None) as book:
        results, _, _ = await lint(ASKED, [folder_source(str(folder))], [AnyResource()], book)
        return results, [one.suppressed for one in book.findings(suppressed=True)]


async def test_an_ignore_in_a_file_silences_its_line_for_a_reason(tmp_path: Path) -> None:
    results, reasons = await linted(tmp_path, "ARM999 -- it is only tried")

    assert results.exit_status == 0
    assert reasons == ["it is only tried"]
    assert results.remarks == ()


async def test_an_ignore_without_reason_is_none_and_told(tmp_path: Path) -> None:
    results, _ = await linted(tmp_path, "ARM999")

    assert results.exit_status == 1
    (remark,) = results.remarks
    assert "main.bicep:1:" in remark
    assert "says no reason, so ARM999 is not ignored" in remark


async def test_an_ignore_that_silences_nothing_is_told_if_its_rule_was_judged(
    tmp_path: Path,
) -> None:
    results, _ = await linted(tmp_path, "IDN501 -- why")

    assert results.remarks == ()
