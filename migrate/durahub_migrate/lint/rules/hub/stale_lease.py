"""HUB224: a lease that has run out and still names its owner."""

from durahub.classic.doctor.rules.leases import APP_LEASE, STALE
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Severity
from durahub_migrate.lint.hub_examples import a_diagnosis
from durahub_migrate.lint.place import PlaceKind
from durahub_migrate.lint.rule import Example
from durahub_migrate.lint.rules.hub.diagnosed import DiagnosedRule
from durahub_migrate.lint.rules.of_hubs import OF_HUBS


class StaleLease(DiagnosedRule):
    """Finds partitions whose owner has neither renewed nor given back its lease.

    Why it matters: a worker that stops in order clears its leases. A stale one shows that it was
    killed, and that nobody has taken the partition since: messages in its queue wait, timers do not
    fire, and what the worker had in hand will run again.

    What to do: start a worker, which takes the partition at once. If the hub is to be moved, let it
    run until it is quiet, and stop it in order. ``durahub hub doctor --repair`` clears the owner.
    """

    code = "HUB224"
    message = "a lease has run out and was not given back"
    severity = Severity.WARNING
    source = "ours; durahub hub doctor, stale-lease"
    needs = frozenset({Need.STORAGE, Need.LEASES})
    profiles = OF_HUBS
    bad = (
        Example(
            "The worker was killed yesterday",
            (
                a_diagnosis(
                    STALE,
                    "worker-1, ended 2026-10-31T12:00:00Z",
                    key="orders-control-00",
                    kind=PlaceKind.LEASE,
                ),
            ),
        ),
    )
    good = (
        Example(
            "The app lease has no end: another rule's",
            (
                a_diagnosis(
                    APP_LEASE,
                    "held by app-one without end",
                    key="orders-applease",
                    kind=PlaceKind.LEASE,
                ),
            ),
        ),
    )
