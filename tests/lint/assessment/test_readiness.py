"""A name is ready where the rules that decide were evaluated and found nothing, and only there."""

import pytest

from durahub.errors import StorageDenied
from durahub_migrate.assessment.assessment import Assessment, Light, Readiness
from durahub_migrate.lint.examples import a_hub, an_instance
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.unread import Unread
from durahub_migrate.lint.finding import Severity
from tests.lint.assessment.a_report import Finds, FindsTogether, hub_with
from tests.lint.assessment.recorded_hubs import assessed

ORDER = an_instance("order-7")
ENDED = an_instance("order-8", status="Completed")
SHIPMENT = an_instance("ship-1", row={"name": "Ship"})
COUNTER = an_instance("@counter@a")


def readiness_of(report: Assessment, name: str) -> Readiness:
    return next(one.readiness for one in report.hubs[0].names if one.name == name)


async def test_a_name_without_findings_is_ready() -> None:
    report = await assessed(hub_with(ORDER), rules=[Finds()])

    assert readiness_of(report, "Order").light is Light.READY


@pytest.mark.parametrize(
    ("code", "severity", "where", "expected"),
    [
        ("HUB206", Severity.ERROR, ORDER, Light.BLOCKED),
        ("IDN501", Severity.ERROR, ORDER, Light.CHANGES),
        ("HUB208", Severity.WARNING, ORDER, Light.CHANGES),
        ("HUB209", Severity.INFO, ORDER, Light.READY),
        ("HUB206", Severity.ERROR, ENDED, Light.READY),
        ("IDN501", Severity.ERROR, ENDED, Light.CHANGES),
        ("PAY404", Severity.ERROR, ENDED, Light.CHANGES),
        ("ENT701", Severity.ERROR, COUNTER, Light.BLOCKED),
    ],
)
async def test_what_a_finding_makes_of_its_name(
    code: str, severity: Severity, where: object, expected: Light
) -> None:
    fact: object = where
    rule = Finds([fact.instance_id], code=code, severity=severity)  # type: ignore[attr-defined]

    report = await assessed(hub_with(fact), rules=[rule])

    name = report.hubs[0].names[0]
    assert name.readiness.light is expected
    assert [(one.code, one.count) for one in name.readiness.rules] == [(code, 1)]


async def test_a_finding_counts_for_its_own_name_alone() -> None:
    rule = Finds(["order-7"], code="HUB206")

    report = await assessed(hub_with(ORDER, ENDED, SHIPMENT), rules=[rule])

    assert readiness_of(report, "Order").light is Light.BLOCKED
    assert readiness_of(report, "Ship").light is Light.READY
    (found,) = readiness_of(report, "Order").rules
    assert (found.count, found.live) == (1, 1)


async def test_a_name_is_not_known_where_a_deciding_rule_lacked_its_evidence() -> None:
    rule = Finds(code="RPL301", needs=frozenset({Need.HISTORY, Need.TARGET_NAMES}))

    report = await assessed(hub_with(ORDER), rules=[rule])

    found = readiness_of(report, "Order")
    assert found.light is Light.UNKNOWN
    assert found.not_evaluated == ("RPL301",)
    assert report.answer.light is Light.UNKNOWN
    assert any("RPL301" in line for line in report.answer.next)


async def test_a_name_is_not_known_where_a_deciding_rule_was_not_selected() -> None:
    report = await assessed(hub_with(ORDER), rules=[], known=[Finds()])

    assert readiness_of(report, "Order").light is Light.UNKNOWN
    assert report.not_evaluated[0].missing == ("not selected",)


async def test_a_name_is_not_known_where_its_evidence_could_not_all_be_read() -> None:
    place = a_hub().place
    denied = Unread(Need.INSTANCES, place, StorageDenied("list", "the key is wrong"))

    report = await assessed(hub_with(ORDER, denied), rules=[Finds()])

    assert readiness_of(report, "Order").light is Light.UNKNOWN
    assert [gap.need for gap in report.gaps] == [Need.INSTANCES.value]
    assert report.not_evaluated[0].missing == ("not all could be read of a hub's instances",)


async def test_a_name_is_not_known_where_histories_were_left_out() -> None:
    unread = an_instance("ship-2", row={"name": "Ship"}, history_is_read=False)

    report = await assessed(hub_with(ORDER, unread), rules=[Finds()])

    assert readiness_of(report, "Ship").light is Light.UNKNOWN
    assert readiness_of(report, "Order").light is Light.READY


async def test_a_blocked_name_is_blocked_even_if_not_all_was_evaluated() -> None:
    blocks = Finds(["order-7"], code="HUB206")
    lacking = Finds(code="RPL301", needs=frozenset({Need.HISTORY, Need.TARGET_NAMES}))

    report = await assessed(hub_with(ORDER), rules=[blocks, lacking])

    assert readiness_of(report, "Order").light is Light.BLOCKED


@pytest.mark.parametrize("need", [Need.SNAPSHOT, Need.ID_MAP, Need.STRATEGY])
async def test_a_rule_about_a_plan_decides_nothing_while_there_is_none(need: Need) -> None:
    rule = Finds(code="IDN513", needs=frozenset({Need.INSTANCES, need}))

    report = await assessed(hub_with(ORDER), rules=[rule])

    assert readiness_of(report, "Order").light is Light.READY
    assert [one.code for one in report.not_evaluated] == ["IDN513"]


async def test_rules_of_entities_decide_nothing_about_orchestrations() -> None:
    rule = Finds(code="ENT701", needs=frozenset({Need.INSTANCES, Need.TARGET_NAMES}))

    report = await assessed(hub_with(ORDER, COUNTER), rules=[rule])

    assert readiness_of(report, "Order").light is Light.READY
    assert readiness_of(report, "counter").light is Light.UNKNOWN


async def test_what_a_joining_rule_finds_at_the_end_is_counted_for_the_right_name() -> None:
    report = await assessed(hub_with(ORDER, ENDED, SHIPMENT, COUNTER), rules=[FindsTogether()])

    counts = {
        one.name: [(rule.code, rule.count, rule.live) for rule in one.readiness.rules]
        for one in report.hubs[0].names
    }
    assert counts == {
        "Order": [("IDN506", 2, 1)],
        "Ship": [("IDN506", 1, 1)],
        "counter": [("IDN506", 1, 1)],
    }
