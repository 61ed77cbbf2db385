"""Hidden messages are counted against what the tables explain: never one too many."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from durahub.classic.names import HubNames
from durahub.classic.routing import control_index
from durahub.model.history import Event
from durahub_migrate.lint.examples import a_hub, an_instance
from durahub_migrate.lint.hub_examples import (
    a_queued,
    activity,
    ago,
    began,
    child,
    fired,
    result,
    timer,
)
from tests.lint.hub.judged import judged

PARTITIONS = 4
NAMES = HubNames("orders")
QUEUES = (*NAMES.control_queues(PARTITIONS), NAMES.workitem_queue)
DUE = ago(-3600)


def queue_of(instance_id: str) -> str:
    return NAMES.control_queue(control_index(instance_id, PARTITIONS))


@dataclass
class Hub:
    """Instances, and where each message is that they wait for."""

    instances: list[Any] = field(default_factory=list)
    seen: list[Any] = field(default_factory=list)
    depth: Counter[str] = field(default_factory=Counter)

    def puts(self, event: Event, target: str, queue: str, *, hidden: bool) -> None:
        self.depth[queue] += 1
        if not hidden:
            self.seen.append(a_queued(event, target, queue=queue, number=len(self.seen)))

    def unexplained(self) -> dict[str, int]:
        hub = a_hub(partitions=PARTITIONS, queues={one: self.depth[one] for one in QUEUES})
        found = judged([hub, *self.seen, *self.instances], frozen=True)
        return {
            one.place.key: int(one.detail.split(" at least ")[1].split()[0])
            for one in found
            if one.code == "QUE603"
        }


@st.composite
def hubs(draw: st.DrawFn, *, kinds: str) -> Hub:
    hub = Hub()
    for number in range(draw(st.integers(0, 6))):
        name = f"order-{number}"
        asked: list[Event] = []
        for at in range(draw(st.integers(0, 4))):
            hidden = draw(st.booleans())
            match draw(st.sampled_from(kinds)):
                case "t":
                    asked.append(timer(DUE, at))
                    hub.puts(fired(DUE, at), name, queue_of(name), hidden=hidden)
                case "a":
                    asked.append(activity(at))
                    if draw(st.booleans()):
                        hub.puts(activity(at), name, NAMES.workitem_queue, hidden=hidden)
                    else:
                        hub.puts(result(at), name, queue_of(name), hidden=hidden)
                case "c":  # a child that is at work, of another hub's making: nothing is on its way
                    asked.append(child(f"{name}:{at}", at))
        hub.instances.append(an_instance(name, history=began(*asked)))
    return hub


extra = st.dictionaries(st.sampled_from(QUEUES), st.integers(1, 3))


@given(hubs(kinds="tac"), extra)
def test_no_more_is_told_than_is_there(hub: Hub, more: dict[str, int]) -> None:
    hub.depth.update(more)
    assert all(count <= more.get(queue, 0) for queue, count in hub.unexplained().items())


@given(hubs(kinds="t"), extra)
def test_beside_timers_everything_is_told(hub: Hub, more: dict[str, int]) -> None:
    hub.depth.update(more)
    assert hub.unexplained() == more
