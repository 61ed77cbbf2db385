"""HUB219: activities that a server of the level exclusive has left without messages."""

from durahub.classic.doctor.rules.sentinels import ILLEGIBLE, UNSETTLED
from durahub.classic.doctor.rules.waiting import LOST_ACTIVITY
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Severity
from durahub_migrate.lint.hub_examples import a_diagnosis
from durahub_migrate.lint.rule import Example
from durahub_migrate.lint.rules.hub.diagnosed import DiagnosedRule
from durahub_migrate.lint.rules.of_hubs import OF_HUBS


class UnsettledWork(DiagnosedRule):
    """Finds activities that a crashed durahub server has left without messages.

    Why it matters: a server of the level *exclusive* keeps activities to itself and notes them in
    the sentinel. After a crash the next durahub server goes on with them. A .NET worker does not
    know the note: the instance waits for ever, and a move loses the activities.

    What to do: start a durahub server on the hub, or run ``durahub hub settle``, before .NET
    workers take the hub or it is moved. If the note cannot be read, find out who wrote it; empty
    it, and the instance goes on.
    """

    code = "HUB219"
    message = "activities have no messages, and only durahub knows of them"
    severity = Severity.WARNING
    source = "ours; durahub hub doctor, unsettled-activity and unsettled-unreadable"
    needs = frozenset({Need.STORAGE, Need.HISTORY, Need.LEASES})
    profiles = OF_HUBS
    bad = (
        Example("Two activities", (a_diagnosis(UNSETTLED, "2 activities without messages"),)),
        Example("The note is broken", (a_diagnosis(ILLEGIBLE, "Unposted: not a list"),)),
    )
    good = (
        Example(
            "An activity of which nobody knows: another rule's",
            (a_diagnosis(LOST_ACTIVITY, "TaskScheduled 1 (ChargeCard)"),),
        ),
    )
