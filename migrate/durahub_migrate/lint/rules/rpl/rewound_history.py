"""RPL309: a history that was rewound."""

from collections.abc import Iterator
from dataclasses import replace

from durahub.model.history import ExecutionRewound, GenericEvent, TaskScheduled
from durahub_migrate.lint.examples import STARTED, a_history, an_instance
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.rule import MOVING_PROFILES, Example, Rule
from durahub_migrate.lint.rules.rpl.replaying import is_rewound
from durahub_migrate.lint.target import Given

_REWOUND = an_instance(history=a_history(ExecutionRewound(timestamp=STARTED, reason="again")))
_IN_PLACE = an_instance(
    history=a_history(
        GenericEvent(event_id=0, timestamp=STARTED),
        GenericEvent(timestamp=STARTED, data="again"),
        TaskScheduled(event_id=0, timestamp=STARTED, name="Charge"),
    )
)
_WOKEN = an_instance(history=a_history(GenericEvent(timestamp=STARTED, data="wake up")))


class RewoundHistory(Rule[InstanceFacts]):
    """Finds histories that were rewound after a failure.

    Why it matters: the Durable Functions extension turns a history into protobuf messages for workers out
    of process, and throws at an ``ExecutionRewound`` event: neither such a worker nor a tool that is
    modelled on it can read the history. A rewind by Azure Storage leaves generic events where the failure
    was: they can be read and mean nothing, but the actions behind them have numbers a second time.

    What to do: use a tool that knows the event (``durahub export`` does). See that the instance goes on
    where it was copied to before you rely on it, or let it end first.
    """

    code = "RPL309"
    message = "history was rewound"
    severity = Severity.ERROR
    confidence = Confidence.MEDIUM
    source = "azure-functions-durable-extension ProtobufUtils.cs"
    about = (InstanceFacts,)
    needs = frozenset({Need.HISTORY})
    profiles = MOVING_PROFILES
    bad = (
        Example("A rewind that is an event", (_REWOUND,)),
        Example("A rewind that left generic events: worth knowing", (_IN_PLACE,)),
    )
    good = (
        Example("A wake-up, which is a generic event as well", (_WOKEN,)),
        Example("A failure that nobody rewound", (an_instance(history=a_history()),)),
    )

    def check(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look for the event, then for what a rewind in place leaves."""
        found = [index for index, event in enumerate(fact.history) if is_rewound(event)]
        events = [one for one in found if isinstance(fact.history[one], ExecutionRewound)]
        if events:
            place = replace(fact.place, part=f"event {events[0]}")
            yield self.at(place, f"rewinds that are events of the history: {len(events)}")
        elif found:
            place = replace(fact.place, part=f"event {found[0]}")
            said = f"events that a rewind has made generic: {len(found)}"
            yield self.at(place, said, severity=Severity.INFO)
