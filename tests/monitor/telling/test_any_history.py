"""Whatever a history holds, everything that tells it keeps to what it says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.model.history import Event, EventRaised, EventSent, TaskFailed, TaskScheduled
from durahub_migrate.monitor.json_form import to_json
from durahub_migrate.monitor.telling.differing import differences
from durahub_migrate.monitor.telling.event_views import event_page
from durahub_migrate.monitor.telling.grouping import groups_of
from durahub_migrate.monitor.telling.mermaid_gantt import mermaid_gantt
from durahub_migrate.monitor.telling.sequence import sequence_of
from durahub_migrate.monitor.telling.timeline import timeline_of
from tests.golden.recorded import HUBS, RecordedHub
from tests.monitor.telling.any_events import events
from tests.monitor.telling.histories import at, live, recorded

REQUEST = '{"op":"add","id":"05b6dabc-58fb-0119-0aa7-c87cc74240d7"}'
LOCK = (
    '{"op":null,"id":"05b6dabc-58fb-0119-0aa7-c87cc74240d7",'
    '"lockset":[{"name":"c","key":"a"}],"pos":POS}'
)
GUID = "05b6dabc-58fb-0119-0aa7-c87cc74240d7"
ODD = st.sampled_from(
    [
        *(
            EventSent(timestamp=at(0), event_id=0, instance_id="@c@a", name=name, input=text)
            for name in ("op", "release", "op@x")
            for text in (REQUEST, LOCK.replace("POS", "0"), LOCK.replace("POS", "7"), "{}", None)
        ),
        EventSent(
            timestamp=at(1),
            event_id=1,
            instance_id="@c@a",
            name="release",
            input=f'{{"id":"{GUID}"}}',
        ),
        EventRaised(timestamp=at(2), name=GUID, input='{"result":"1"}'),
        EventRaised(timestamp=at(2), name=GUID, input="damaged"),
        TaskScheduled(timestamp=at(0), event_id=-1, name="A"),
        TaskScheduled(timestamp=at(0), event_id=0, name="A"),
        TaskFailed(timestamp=at(0), task_scheduled_id=-1),
        TaskFailed(timestamp=at(0), task_scheduled_id=0),
    ]
)


@given(st.lists(events() | ODD, max_size=12))
def test_any_history_can_be_told(history: list[Event]) -> None:
    whole = live(history)
    groups = groups_of(whole)
    assert sorted(n for one in groups for n in one.events) == list(range(len(history)))
    timeline = timeline_of(whole, groups=groups)
    for told in (event_page(whole), timeline, sequence_of(whole)):
        to_json(told)
    mermaid_gantt(timeline, "x")
    assert all(one.change == "same" for one in differences(whole, whole, times=True))


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_any_beginning_of_a_recorded_history_can_be_told(hub: RecordedHub) -> None:
    for _, history in recorded(hub):
        for end in range(0, min(len(history.events), 40), 3):
            part = live(history.events[:end], beside=history.beside)
            groups = groups_of(part)
            assert sorted(n for one in groups for n in one.events) == list(range(end))
            timeline_of(part, now=at(10**9), groups=groups)
