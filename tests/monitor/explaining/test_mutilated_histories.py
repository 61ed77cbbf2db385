"""Whatever a history looks like: an explanation is made, it is whole, and names no payload."""

import json
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from durahub.model.history import Event
from durahub.model.ticks import later
from durahub_migrate.monitor.explaining import HubSeen, InstanceSeen, explain, needs
from durahub_migrate.monitor.json_form import to_json
from durahub_migrate.monitor.waiting import Reason
from tests.golden.recorded import HUBS
from tests.monitor.explaining.golden import Recorded, recorded

SECRET = "AccountKey=s3cr3tOfSomebody"
WORDS = ("Running", "Pending", "Suspended", "Completed", "Terminated", "ContinuedAsNew", "", "Odd")
_HUBS = {hub.name: hub for hub in HUBS}
_RECORDED: dict[tuple[str, bool], Recorded] = {}


def found(name: str, workers: bool) -> Recorded:
    key = name, workers
    if key not in _RECORDED:
        _RECORDED[key] = recorded(_HUBS[name], workers=workers)
    return _RECORDED[key]


def with_secret(event: Event) -> Event:
    """Return an event whose payloads hold a secret."""
    members = {
        name: SECRET
        for name in ("input", "result", "data", "details")
        if isinstance(getattr(event, name, None), str) and not _is_of_entity(event)
    }
    return replace(event, **members) if members else event


def _is_of_entity(event: Event) -> bool:
    return str(getattr(event, "name", "")).startswith("op")


@st.composite
def situations(draw: st.DrawFn) -> tuple[HubSeen, dict[str, InstanceSeen], str]:
    """Return a recorded instance that was tampered with: events gone, repeated, in another order."""
    one = found(draw(st.sampled_from(sorted(_HUBS))), draw(st.booleans()))
    if not one.instances:
        return one.hub, {"a": InstanceSeen(instance_id="a")}, "a"
    name = draw(st.sampled_from(sorted(one.instances)))
    seen = one.instances[name]
    events = [with_secret(event) for event in seen.history or ()][:60]
    picks = st.lists(st.integers(0, max(0, len(events) - 1)), max_size=len(events))
    kept = tuple(events[n] for n in draw(picks)) if events else ()
    row = seen.row
    if row is not None:
        row = draw(
            st.sampled_from(
                [None, row, replace(row, status=draw(st.sampled_from(WORDS)), output=SECRET)]
            )
        )
    seen = replace(
        seen,
        row=row,
        history=draw(st.sampled_from([None, kept, tuple(events)])),
        queue=draw(st.sampled_from([None, seen.queue, "no-such-queue"])),
        rewound=draw(st.booleans()),
        problems=draw(st.sampled_from([(), ("a row",)])),
    )
    instances = {**one.instances, name: seen}
    for gone in draw(st.lists(st.sampled_from(sorted(one.instances)), max_size=3)):
        if gone != name:
            instances.pop(gone, None)
    hub = one.hub
    if draw(st.booleans()):
        hub = replace(hub, queues={}, workers=None, owners={})
    hub = replace(hub, now=later(hub.now, draw(st.sampled_from([-100_000.0, 0.0, 1e7]))))
    return hub, instances, name


@settings(max_examples=300)
@given(situations())
def test_an_explanation_of_anything_is_whole_and_tells_no_payload(
    situation: tuple[HubSeen, dict[str, InstanceSeen], str],
) -> None:
    hub, instances, name = situation
    told = explain(name, instances, hub)
    assert told.sentence
    assert told.sentence.endswith((".", "…"))
    assert told.evidence
    assert told.reasons[0] is told.reason
    assert all(isinstance(reason, Reason) for reason in told.reasons)
    assert SECRET.partition("=")[2] not in json.dumps(to_json(told))
    needs(name, instances)
