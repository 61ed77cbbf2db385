"""Whatever is in a hub and is asked for: everything of it is in one of the sums, and in one unit."""

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from durahub.stored import StoredInstance, StoredMessage
from durahub_migrate.planning.balance import residue
from tests.planning.planned import (
    TARGETS,
    activity,
    child,
    ended,
    entity,
    pending,
    planned,
    queued,
    raised,
    result,
    running,
    started,
    timer,
)

STATE, LOCKED = '{"exists":true,"state":"7"}', '{"exists":true,"state":"7","lockedBy":"a"}'
IDS = ("a", "a:1", "ä", "z" * 101)
TREES: tuple[tuple[StoredInstance, ...], ...] = (
    (running(activity(), root="a"),),
    (running(child("a:1"), root="a"),),
    (running(child("a:1"), root="a"), ended("a:1")),
    (running(child("a:1"), root="a"), running(timer(), root="a:1", parent="a")),
    (ended("a"),),
    (pending("a"),),
)
messages = st.builds(
    queued,
    st.sampled_from([raised(), result(), started("a:1"), activity()]),
    to=st.sampled_from([*IDS, "nobody", "@counter@a", "@counter@new"]),
    deliveries=st.sampled_from([0, 0, 9, 10]),
)


@st.composite
def hubs(draw: st.DrawFn) -> tuple[list[StoredInstance], list[StoredMessage]]:
    instances = list(draw(st.sampled_from(TREES)))
    if draw(st.booleans()):
        instances.append(entity(draw(st.sampled_from([STATE, LOCKED, None, "no JSON"]))))
    instances += [running(timer(), root=one) for one in draw(st.sets(st.sampled_from(IDS[2:])))]
    found = draw(st.lists(messages, max_size=4))
    return instances, [
        queued(
            one.message.event, one.message.target.instance_id, number=n, deliveries=one.deliveries
        )
        for n, one in enumerate(found)
    ]


patterns = st.lists(st.sampled_from(["a", "@*", "*", "z*"]), max_size=1).map(tuple)
asked = st.fixed_dictionaries(
    {
        "target": st.sampled_from(sorted(TARGETS)),
        "only": patterns,
        "skip": patterns,
        "drain": patterns,
        "ended": st.sampled_from([None, "move", "archive"]),
        "prefer": st.sampled_from([None, "b1", "b2", "b4", "c"]),
    }
)


NOTHING = {"only": (), "skip": (), "drain": (), "ended": None, "prefer": None}
AN_ANSWER_TO_AN_ENTITY = [queued(result(), "@counter@a")]


@settings(max_examples=10)
@given(hubs(), asked)
@example(([entity(None)], AN_ANSWER_TO_AN_ENTITY), {"target": "endpoint", **NOTHING})
@example(([entity(STATE)], AN_ANSWER_TO_AN_ENTITY), {"target": "endpoint", **NOTHING})
@example(([entity(STATE)], AN_ANSWER_TO_AN_ENTITY), {"target": "own", **NOTHING})
def test_nothing_is_forgotten(
    hub: tuple[list[StoredInstance], list[StoredMessage]], wanted: dict[str, Any]
) -> None:
    instances, seen = hub
    with tempfile.TemporaryDirectory() as folder:
        found = planned(Path(folder) / "b", instances, seen, **wanted)

    balance = found.ending["balance"]
    assert not any(residue(balance).values()), balance
    assert max(Counter(unit.root_id for unit in found.units).values(), default=1) == 1
    skipped = sum(
        counts.get("skipped", 0) for kind, counts in balance.items() if kind != "messages"
    )
    assert sum(unit.members for unit in found.units) + skipped == len(instances)
    for unit in found.units:
        assert unit.why
        assert not unit.is_moved or unit.steps
