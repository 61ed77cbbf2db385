"""What the rules about payloads, IDs and replay find in hubs that .NET has written."""

import pytest

from durahub.model.history import ExecutionStarted
from durahub_migrate.lint.examples import moving
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.payloads import PayloadKind
from durahub_migrate.lint.judging import judge
from durahub_migrate.lint.rules import idn, pay, rpl
from tests.golden.recorded import HUBS, RecordedHub
from tests.lint.instances.recorded_facts import facts_of

RULES = (*pay.RULES, *idn.RULES, *rpl.RULES)
BY_NAME = {hub.name: hub for hub in HUBS}


def found(hub: RecordedHub, code: str, **target: object) -> set[str]:
    rules = [rule for rule in RULES if rule.code == code]
    return {one.place.key for one in judge(rules, facts_of(hub), moving(**target))}


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_nothing_is_wrong_today_with_a_recorded_hub(hub: RecordedHub) -> None:
    rules = [rule for rule in RULES if "recommended" in rule.profiles]
    assert list(judge(rules, facts_of(hub), moving(sdk="dotnet"))) == []


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_a_recorded_instance_carries_each_payload_once(hub: RecordedHub) -> None:
    for fact in facts_of(hub):
        if isinstance(fact, InstanceFacts):
            places = [payload.where for payload in fact.payloads]
            assert len(set(places)) == len(places)
            assert all(payload.problem is None for payload in fact.payloads)


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_the_input_of_a_row_is_that_of_its_history(hub: RecordedHub) -> None:
    for fact in facts_of(hub):
        if not isinstance(fact, InstanceFacts) or fact.row is None or fact.is_entity:
            continue
        if any(isinstance(event, ExecutionStarted) for event in fact.history):
            assert _inputs(fact) == len((fact.row.input or "").encode())


def test_in_process_timers_of_ten_days_are_divided_and_those_of_five_are_not() -> None:
    hub = BY_NAME["functions"]
    assert found(hub, "RPL303", sdk="python") == {"awaits-10-days", "awaits-event-long"}
    assert found(hub, "RPL303", sdk="dotnet") == set()


def test_every_open_history_of_dotnet_is_numbered_from_0() -> None:
    expected = {"awaits-activity", "awaits-many", "awaits-timer-far", "awaits-timer-soon"}
    assert expected <= found(BY_NAME["dtfx"], "RPL301", sdk="python")
    for hub in HUBS:
        assert found(hub, "RPL301", sdk="dotnet") == set()


def test_inputs_that_newtonsoft_wrote_with_types_are_found() -> None:
    assert found(BY_NAME["functions"], "RPL304") == {"awaits-child:child", "continued-waits"}


def test_rewound_histories_are_found_and_plain_ones_are_not() -> None:
    rewound = {hub.name: found(hub, "RPL309") for hub in HUBS}
    assert {name: ids for name, ids in rewound.items() if ids} == {
        "edges": {"rewound-with-children", "rewound-with-children:a"},
        "extended": {"rewound"},
        "finished": {"rewound"},
        "functions": {"rewound"},
        "tracking": {"rewound"},
    }


def test_the_ids_that_the_scheduler_refuses_are_found() -> None:
    assert found(BY_NAME["edges"], "IDN502") == {
        "control\tcharacters\nin\x01id\x7f\x85end",
        "wartet-ünï-人-🚀",
        "Ω/слэш?#",
    }
    assert found(BY_NAME["entities"], "IDN502") == {"@counter@key with spaces/and é"}


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_of_a_recorded_entity_the_state_is_measured_and_not_its_wrapper(hub: RecordedHub) -> None:
    for fact in facts_of(hub):
        if isinstance(fact, InstanceFacts) and fact.entity is not None:
            states = [one for one in fact.payloads if one.kind is PayloadKind.ENTITY_STATE]
            assert sum(one.size for one in states) == len((fact.entity.state or "").encode())


def _inputs(fact: InstanceFacts) -> int:
    """Return the size of the instance's own input."""
    return sum(
        payload.size
        for payload in fact.payloads
        if payload.event is not None and isinstance(fact.history[payload.event], ExecutionStarted)
    )
