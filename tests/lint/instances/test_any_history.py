"""Whatever a history holds, it is measured and judged without an error."""

from hypothesis import given
from hypothesis import strategies as st

from durahub.model.history import EVENT_CLASSES, Event, Execution
from durahub.model.ticks import MAXIMUM, Ticks
from durahub_migrate.lint.examples import a_hub, a_message, an_instance, moving
from durahub_migrate.lint.facts.measuring import event_payloads, instance_payloads
from durahub_migrate.lint.judging import judge
from durahub_migrate.lint.rules import idn, pay, rpl

GUID = "b8625ec5-44f2-4a4b-a748-62cd8f46b981"
WORDS = (
    *(
        "",
        "a",
        "@",
        "@a",
        "@a@",
        "@cart@ann",
        "op",
        "op@",
        "release",
        "null",
        "[]",
        "{}",
        GUID,
        "blob:v1:",
    ),
    '{"id":"x","op":"add","input":1}',
    '{"state":1}',
    '{"queue":[{}]}',
    '{"result":{}}',
    '{"lockset":[1],"id":"x"}',
    '{"sorter":{"ReceivedFromInstance":{"a":1}}}',
    '{"sorter":{"LastSentToInstance":{"a":1}}}',
    "\ud83d",
    "[" * 2000,
)

words = st.sampled_from(WORDS) | st.text(max_size=8)
times = st.integers(0, int(MAXIMUM)).map(Ticks)
st.register_type_strategy(Execution, st.builds(Execution, words, st.none() | words))


def events() -> st.SearchStrategy[Event]:
    """Return events with texts that something may take for its own."""
    numbers = st.integers(-101, 3)
    return st.one_of(
        *(
            st.builds(
                cls,
                timestamp=times,
                **{
                    name: words
                    for name in (
                        "name",
                        "input",
                        "result",
                        "instance_id",
                        "data",
                        "reason",
                        "details",
                    )
                    if name in cls.__dataclass_fields__
                },
                **{
                    name: numbers
                    for name in ("event_id", "task_scheduled_id", "timer_id")
                    if name in cls.__dataclass_fields__
                },
                **{name: times for name in ("fire_at",) if name in cls.__dataclass_fields__},
            )
            for cls in EVENT_CLASSES.values()
        )
    )


@given(st.lists(events(), max_size=6), words, st.sampled_from(["python", "dotnet", "javascript"]))
def test_any_history_can_be_judged(history: list[Event], instance_id: str, sdk: str) -> None:
    bare = an_instance(instance_id, history=history)
    payloads = tuple(instance_payloads(bare.row, history))
    fact = an_instance(instance_id, history=history, payloads=payloads)
    messages = [a_message(event, instance_id) for event in history]
    given_ = moving(
        sdk=sdk, strategy="b2", names=frozenset({"a"}), id_map={"a": "@cart@ann", "": "a"}
    )
    rules = (*pay.RULES, *idn.RULES, *rpl.RULES)
    for finding in judge(rules, [a_hub(), fact, *messages], given_):
        assert finding.detail
        assert not finding.detail.endswith(".")


@given(events(), st.booleans())
def test_no_text_is_measured_as_more_than_the_event_holds(event: Event, of_entity: bool) -> None:
    found = list(event_payloads(0, event, of_entity=of_entity))
    texts = [
        getattr(event, name, None)
        for name in ("input", "result", "data", "reason", "details", "state")
    ]
    held = sum(
        len(text.encode("utf-8", "surrogatepass")) for text in texts if isinstance(text, str)
    )
    failures = [one for one in found if "ailureDetails" in one.where]
    assert failures or sum(one.size for one in found) <= held
