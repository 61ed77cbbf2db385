"""Results to write: findings in a file and in a hub, something unread, a rule without evidence."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from durahub.errors import StorageDenied
from durahub_migrate.lint.book import Book
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.unread import Unread
from durahub_migrate.lint.finding import Edit, Finding, Fix, Severity
from durahub_migrate.lint.place import Place, PlaceKind, Span
from durahub_migrate.lint.reporting.exit_status import status_of
from durahub_migrate.lint.reporting.results import Results
from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.rules.idn.long_instance_id import LongInstanceId
from durahub_migrate.lint.running import Outcome
from durahub_migrate.lint.work import ReadCounts

SPAN = Span(line=4, column=7, end_line=4, end_column=25, start=40, stop=58)
FILE = Place(source="my app/host.json", kind=PlaceKind.FILE, key="a.partitionCount", span=SPAN)
READ = ReadCounts(1204, 1204, 1000, 98_000, 12, requests=77)
SECRET = "customer-4711"


class InAFile(Rule[Any]):
    """Finds a setting that has no effect.

    Why it matters: it is read by nobody, 100 % sure.

    What to do: remove it. Or leave it: `that` is harmless.
    """

    code = "CFG104"
    message = "setting has no effect, there"
    severity = Severity.WARNING
    source = "host.json reference"
    about = ()

    def check(self, fact: Any, given: Any) -> Iterator[Finding]:
        return iter(())


class Joins(InAFile):
    """Finds nothing.

    Why it matters: it does not.

    What to do: nothing.
    """

    code = "QUE601"
    message = "is not judged here"
    needs = frozenset({Need.QUEUES})


def an_id(key: str) -> Place:
    return Place(source="azurite:orders", kind=PlaceKind.INSTANCE, key=key)


def in_hub(key: str, **others: Any) -> Finding:
    given: dict[str, Any] = {"code": "IDN501", "severity": Severity.ERROR, "place": an_id(key)}
    return Finding(**{**given, "detail": f"the ID {key!r} is long", "head": key, **others})


IN_FILE = Finding(
    code="CFG104",
    severity=Severity.WARNING,
    place=FILE,
    detail="partitionCount counts 100 %, but; not: here]\nand there",
    head='"partitionCount": 4',
    fix=Fix("remove it", FILE.source, (Edit(40, 58, ""),)),
)
FEW = (IN_FILE, in_hub(f"{SECRET}-1"), in_hub(f"@{SECRET}-2"), in_hub("other\x1b[31m\ud800"))


def results(*findings: Finding, complete: bool = True, rules: Any = None, **others: Any) -> Results:
    """Return results of these findings; *others* are fields of `Results`."""
    book = Book()
    for finding in findings:
        book.add(finding)
    unread = Unread(Need.QUEUES, an_id(SECRET), StorageDenied("queue", "no role"))
    outcome = Outcome(
        facts=1204,
        unread=() if complete else (unread,),
        missing={"QUE601": frozenset({Need.QUEUES, Need.STRATEGY})},
        judged=frozenset({"IDN501", "CFG104"}),
        read={"azurite:orders": READ},
    )
    made = Results(
        version="1.2.3",
        sources=("my app", "azurite:orders"),
        rules=rules or (LongInstanceId(), InAFile(), Joins()),
        book=book,
        outcome=outcome,
        examples=2,
        remarks=("durahub.toml: lint.ignore-finding[0]: expired on 2026-01-01, IDN counts again",),
        settings_file="durahub.toml",
    )
    return replace(made, exit_status=status_of(book, outcome, "error"), **others)
