"""HUB220: an instance that waits for a message that is not there."""

from durahub.classic.doctor.rules.messages import NOBODY
from durahub.classic.doctor.rules.waiting import LOST_ACTIVITY, LOST_TIMER, MISSING
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Severity
from durahub_migrate.lint.hub_examples import a_diagnosis
from durahub_migrate.lint.place import PlaceKind
from durahub_migrate.lint.rule import Example
from durahub_migrate.lint.rules.hub.diagnosed import DiagnosedRule
from durahub_migrate.lint.rules.of_hubs import OF_HUBS


class LostMessage(DiagnosedRule):
    """Finds instances that are stuck: what would let them go on is in no queue.

    Why it matters: a timer, an activity, a child and a start each live in one message. If it is
    gone, for a queue was cleared or a message outlived its time, the instance stays Running or
    Pending for ever. Draining never ends with it.

    What to do: ``durahub hub doctor --repair`` sends timers, starts and a child's result again, and
    lets an orchestrator schedule an activity again, which may then run twice. Or terminate the
    instance.
    """

    code = "HUB220"
    message = "an instance waits for a message that is in no queue"
    severity = Severity.ERROR
    source = "ours; durahub hub doctor, lost-timer, lost-activity and others"
    needs = frozenset({Need.STORAGE, Need.INSTANCES, Need.HISTORY, Need.QUEUES})
    profiles = OF_HUBS
    bad = (
        Example(
            "A timer's message is gone",
            (a_diagnosis(LOST_TIMER, "TimerCreated 2, due 2026-11-02T12:00:00Z"),),
        ),
        Example(
            "An activity's message is gone",
            (a_diagnosis(LOST_ACTIVITY, "TaskScheduled 1 (ChargeCard)"),),
        ),
        Example(
            "Some are gone, and hidden messages do not tell which",
            (
                a_diagnosis(
                    MISSING,
                    "at least 2 of 5: 3 messages are hidden",
                    key="orders-control-01",
                    kind=PlaceKind.QUEUE,
                ),
            ),
        ),
    )
    good = (
        Example(
            "A message without an instance: the other way round, and another rule's",
            (a_diagnosis(NOBODY, "TimerFired 2"),),
        ),
    )
