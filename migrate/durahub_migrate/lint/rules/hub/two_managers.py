"""HUB225: workers that hold partitions by managers that do not see each other."""

from durahub.classic.doctor.rules.leases import STALE, TWO_MANAGERS
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Severity
from durahub_migrate.lint.hub_examples import a_diagnosis
from durahub_migrate.lint.place import PlaceKind
from durahub_migrate.lint.rule import Example
from durahub_migrate.lint.rules.hub.diagnosed import DiagnosedRule
from durahub_migrate.lint.rules.of_hubs import OF_HUBS


class TwoManagers(DiagnosedRule):
    """Finds hubs whose partitions are shared out by two kinds of managers at once.

    Why it matters: versions and settings of the provider differ in where they keep leases: rows of
    the Partitions table, or blobs of one or another folder. Workers of two kinds each believe that
    all partitions are theirs; the same instance runs in both, activities run twice.

    What to do: stop one kind of them. Let all apps on the hub have the same
    ``useTablePartitionManagement`` and ``useLegacyPartitionManagement``, and versions with the same
    defaults.
    """

    code = "HUB225"
    message = "workers hold partitions by two kinds of managers"
    severity = Severity.ERROR
    source = "ours; durahub hub doctor, two-partition-managers"
    needs = frozenset({Need.STORAGE, Need.LEASES})
    profiles = OF_HUBS
    bad = (
        Example(
            "One by rows, one by blobs",
            (
                a_diagnosis(
                    TWO_MANAGERS,
                    "worker-1 by the table manager; worker-2 by the safe manager",
                    key="",
                    kind=PlaceKind.HUB,
                ),
            ),
        ),
    )
    good = (
        Example(
            "The lease of the one has run out: another rule's",
            (a_diagnosis(STALE, "worker-1", key="orders-control-00", kind=PlaceKind.LEASE),),
        ),
    )
