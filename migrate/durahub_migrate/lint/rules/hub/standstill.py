"""HUB227: an instance that has stood still for very long."""

from collections.abc import Iterator

from durahub.model.history import SubOrchestrationInstanceCreated, TaskScheduled, TimerCreated
from durahub.model.ticks import Ticks, seconds_between
from durahub_migrate.lint.examples import an_instance
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.open_work import is_lost, open_actions
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.hub_examples import DAY, activity, ago, began, child, timer
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.of_hubs import OF_HUBS
from durahub_migrate.lint.target import Given

_OLD, _RECENT = {"last_updated": ago(31 * DAY)}, {"last_updated": ago(29 * DAY)}


class Standstill(Rule[InstanceFacts]):
    """Finds instances of which nothing has happened for 30 days, and that nothing will wake.

    Why it matters: an activity that has not answered for a month will hardly do so: it hangs, or no
    worker knows its name. An instance that waits for an event may be waiting for somebody who has
    given up. Each is read, counted and moved like a live one, and draining never ends with it.

    What to do: ask the owner of the orchestration. Raise the event, or terminate the instance. Give
    waits for people a timer beside them, so that they end.

    When to ignore it: where waiting for months is what the orchestration is for. Instances with a
    timer that is still to come, and parents that wait for a child, are not told.
    """

    code = "HUB227"
    message = "an instance has stood still for very long"
    severity = Severity.INFO
    confidence = Confidence.LOW
    source = "ours"
    about = (InstanceFacts,)
    needs = frozenset({Need.INSTANCES, Need.HISTORY})
    profiles = OF_HUBS
    bad = (
        Example(
            "An activity has not answered for 31 days",
            (an_instance(history=began(activity(), when=ago(31 * DAY)), row=_OLD),),
        ),
        Example(
            "It waits for an event",
            (an_instance(history=began(when=ago(31 * DAY)), row=_OLD),),
        ),
        Example("It has not begun", (an_instance(status="Pending", row=_OLD),)),
    )
    good = (
        Example(
            "29 days", (an_instance(history=began(activity(), when=ago(29 * DAY)), row=_RECENT),)
        ),
        Example(
            "Its timer is still to come",
            (an_instance(history=began(timer(ago(-DAY)), when=ago(31 * DAY)), row=_OLD),),
        ),
        Example(
            "It waits for a child, which is told itself",
            (an_instance(history=began(child("parcel-7"), when=ago(31 * DAY)), row=_OLD),),
        ),
        Example(
            "It is to begin tomorrow",
            (an_instance(status="Pending", row={**_OLD, "scheduled_start": ago(-DAY)}),),
        ),
        Example("It has ended", (an_instance(status="Completed", row=_OLD),)),
        Example("An entity: it waits for ever", (an_instance("@counter@a", row=_OLD),)),
    )

    def check(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:
        """Look at the time of the last change, then for what could still wake it."""
        row, since = fact.row, _last_change(fact)
        if row is None or fact.is_entity or fact.is_terminal or since is None:
            return
        days = seconds_between(since, given.read_at) / DAY
        if days <= given.thresholds.stalled_days:
            return
        if row.status == "Pending" and fact.state.started is None:
            if row.scheduled_start is None and not is_lost(fact, None, given):
                yield self.at(
                    fact.place,
                    f"it has been Pending for {days:.0f} days",
                    severity=Severity.WARNING,
                )
        elif fact.state.is_live and fact.history_is_read:
            yield from self._live(fact, days, given)

    def _live(self, fact: InstanceFacts, days: float, given: Given) -> Iterator[Finding]:
        waits = open_actions(fact)
        if any(isinstance(one, TimerCreated | SubOrchestrationInstanceCreated) for one in waits):
            return
        working = [one for one in waits if isinstance(one, TaskScheduled)]
        asked = [one for one in working if not is_lost(fact, one, given)]
        if asked:
            more = f" and {len(asked) - 1} more" if len(asked) > 1 else ""
            said = f"activity {asked[0].name}{more} has not answered for {days:.0f} days"
            yield self.at(fact.place, said, severity=Severity.WARNING)
        elif not working:
            word = "has been suspended" if fact.state.suspended else "has waited for an event"
            yield self.at(fact.place, f"it {word} for {days:.0f} days or more")


def _last_change(fact: InstanceFacts) -> Ticks | None:
    """Return when its row or its history was last written."""
    row = fact.row.last_updated if fact.row is not None else None
    times = [row] if row is not None else []
    if fact.history:
        times.append(fact.state.last)
    return max(times, default=None)
