"""What the rules about hubs, queues and entities find in hubs that .NET has written, a day later.

Run it with ``-s`` to read the findings.
"""

from collections import Counter

import pytest

from durahub_migrate.lint.book import Book
from durahub_migrate.lint.facts.hubs import HubFacts
from durahub_migrate.lint.finding import Finding
from durahub_migrate.lint.place import PlaceKind
from durahub_migrate.lint.running import run
from durahub_migrate.lint.target import Given, Target
from tests.golden.recorded import HUBS, RecordedHub
from tests.lint.hub.judged import RULES, judged, of_profile, recorded, without_storage
from tests.lint.hub.reading import Facts

each_hub = pytest.mark.parametrize("hub", HUBS, ids=str)
KILLED = {"HUB224 warning": 4}  # nobody took the partitions of the worker that was killed
LATE = {"QUE605 info": 1}  # the timer of a race that the event has won

TODAY: dict[str, dict[str, int]] = {
    "crash-history": {**KILLED, "HUB216 warning": 1, "QUE605 info": 5},
    "crash-instance": {**KILLED, "QUE605 info": 5},
    "crash-outbox": KILLED,
    "dtfx": {**LATE, "QUE607 warning": 2},
    "edges": {},
    "entities": {},
    "extended": LATE,
    "finished": LATE,
    "functions": {**LATE, "ENT705 warning": 1, "HUB222 warning": 1, "QUE607 warning": 1},
    "killed": {**KILLED, "QUE607 warning": 3},
    "legacy1x": {**LATE, "QUE607 warning": 2},
    "safe1x": {**LATE, "QUE607 warning": 2},
    "tracking": LATE,
    "waiting": {"QUE604 info": 1, "QUE607 warning": 3},
}
"""By profile `recommended`."""

_LOCKS = {"ENT702 warning": 3, "ENT703 warning": 2, "ENT706 info": 2}  # held, behind them, deleted
_CONTINUED = {"HUB207 info": 1, "QUE609 info": 1}  # an eternal one; the first of two events

STOPPED: dict[str, dict[str, int]] = {
    "crash-history": {"QUE601 warning": 1},
    "crash-instance": {"QUE601 warning": 1},
    "crash-outbox": {"QUE601 warning": 1, "QUE606 error": 1},
    "dtfx": {"QUE601 warning": 1, "QUE606 error": 1},
    "edges": {"QUE601 warning": 1},
    "entities": {**_LOCKS, "QUE601 warning": 1, "QUE603 error": 2},
    "extended": {"QUE601 warning": 1},
    "finished": {"QUE601 warning": 1},
    "functions": {**_LOCKS, "QUE601 warning": 1, "QUE603 error": 2, "QUE606 error": 1},
    "killed": {**_CONTINUED, "QUE601 warning": 1, "QUE606 error": 1},
    "legacy1x": {"QUE601 warning": 1, "QUE606 error": 1},
    "safe1x": {"QUE601 warning": 1, "QUE606 error": 1},
    "tracking": {"QUE601 warning": 1},
    "waiting": {**_CONTINUED, "QUE601 warning": 1, "QUE606 error": 1},
}
"""What profile `strict` adds where the user says that the hub is stopped."""


def counted(findings: list[Finding]) -> dict[str, int]:
    for one in findings:
        print(f"{one.code} {one.severity.value}: {one.place}: {one.detail}")
    return dict(Counter(f"{one.code} {one.severity.value}" for one in findings))


@each_hub
def test_what_is_wrong_with_a_recorded_hub_today(hub: RecordedHub) -> None:
    assert counted(judged(recorded(hub.name), of_profile("recommended"))) == TODAY[hub.name]


@each_hub
def test_what_a_stopped_hub_has_that_a_move_must_know(hub: RecordedHub) -> None:
    more = [rule for rule in RULES if "recommended" not in rule.profiles]
    assert counted(judged(recorded(hub.name), more, frozen=True)) == STOPPED[hub.name]


@each_hub
def test_a_bundle_of_the_hub_is_judged_as_the_hub(hub: RecordedHub) -> None:
    facts = recorded(hub.name)
    of_storage = {"HUB207", "HUB224"}  # rows and leases that a bundle has not
    live = [one for one in judged(facts, frozen=True) if one.code not in of_storage]
    bundled = judged(without_storage(facts))
    assert sorted(map(_outcome, bundled)) == sorted(map(_outcome, live))


def _outcome(finding: Finding) -> tuple[str, str, str, str]:
    place = finding.place
    return finding.code, finding.severity.value, place.kind.value, place.key


@each_hub
async def test_a_book_on_disk_comes_to_the_same(hub: RecordedHub) -> None:
    facts = recorded(hub.name)
    head = facts[0]
    assert isinstance(head, HubFacts)
    book = Book()
    given = Given(now=head.now, target=Target(frozen=True, sku="consumption"))
    await run([Facts(hub.name, facts)], RULES, given, book)
    kept = sorted((one.code, str(one.place), one.detail) for one in book.findings())
    book.close()
    direct = judged(facts, frozen=True, sku="consumption")
    assert kept == sorted((one.code, str(one.place), one.detail) for one in direct)


@each_hub
def test_findings_of_a_hub_can_be_told_apart(hub: RecordedHub) -> None:
    found = judged(recorded(hub.name), frozen=True, sku="consumption")
    assert len({one.fingerprint for one in found}) == len(found)


def test_the_hidden_signals_are_found_in_their_queues() -> None:
    found = judged(recorded("entities"), frozen=True)
    queues = {one.place.key for one in found if one.code == "QUE603"}
    assert queues == {"travelentities-control-00", "travelentities-control-03"}
    assert all(one.place.kind is PlaceKind.QUEUE for one in found if one.code == "QUE603")
