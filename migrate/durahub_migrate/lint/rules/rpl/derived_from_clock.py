"""RPL302: IDs that come of a clock which the move changes."""

from collections.abc import Iterator

from durahub.engine.entities.calls import calls_sent
from durahub.engine.entities.messages import Request, request_text
from durahub.model.history import EventSent, SubOrchestrationInstanceCreated
from durahub_migrate.lint.examples import STARTED, a_history, an_instance, moving
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example
from durahub_migrate.lint.rules.rpl.replaying import ReplayRule, children, is_guid
from durahub_migrate.lint.target import Given

_GUID = "f3b3cb6e-9f5a-5a3c-8f3c-6f1c9b0c2f11"


def _with_child(instance_id: str) -> InstanceFacts:
    child = SubOrchestrationInstanceCreated(
        event_id=0, timestamp=STARTED, instance_id=instance_id, name="Ship"
    )
    return an_instance(history=a_history(child))


def _with_request(*, signal: bool) -> InstanceFacts:
    request = Request(id=_GUID, operation="take", parent="order-7", signal=signal)
    sent = EventSent(
        event_id=0,
        timestamp=STARTED,
        instance_id="@stock@a",
        name="op",
        input=request_text(request),
    )
    return an_instance(history=a_history(sent))


class DerivedFromClock(ReplayRule):
    """Finds running instances with IDs that an SDK made of the clock, where the move changes times.

    Why it matters: .NET makes a GUID in an orchestrator of the instance ID and the orchestrator's clock.
    When an instance is led through its history again on the target, its episodes get new times; the
    children and the calls get other IDs. A child that is already there is not found, an answer that is on
    its way goes to nobody.

    What to do: move such instances with their times (``b3`` or ``b4``, or into a store of your own:
    ``a``), or wait until their children and calls have answered.
    """

    code = "RPL302"
    message = "IDs come of the orchestrator's clock, which the move changes"
    severity = Severity.WARNING
    source = "durabletask-dotnet TaskOrchestrationContextWrapper.cs"
    needs = frozenset({Need.HISTORY, Need.STRATEGY})
    bad = (
        Example("A child with a GUID", (_with_child(_GUID),), moving(strategy="b2")),
        Example("A call of an entity", (_with_request(signal=False),), moving(strategy="b2")),
    )
    good = (
        Example("A child that was given an ID", (_with_child("ship-7"),), moving(strategy="b2")),
        Example("A signal to an entity", (_with_request(signal=True),), moving(strategy="b2")),
        Example("A move that keeps the times", (_with_child(_GUID),), moving(strategy="b4")),
    )

    def replayed(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:
        """Count the children and the requests; a signal has no answer that could miss it."""
        if given.target.strategy != "b2":
            return
        made = sum(is_guid(child.instance_id) for _, child in children(fact.history))
        asked = len(dict.fromkeys(calls_sent(fact.history)))
        if made or asked:
            counts = ((made, "of children"), (asked, "of requests to entities"))
            said = ", ".join(f"{count:,} {whose}" for count, whose in counts if count)
            yield self.at(fact.place, f"IDs that an SDK made: {said}")
