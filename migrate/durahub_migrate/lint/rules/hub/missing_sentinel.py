"""HUB215: a history without its sentinel."""

from durahub.classic.doctor.rules.sentinels import CUT_OFF, MISSING
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Severity
from durahub_migrate.lint.hub_examples import a_diagnosis
from durahub_migrate.lint.rule import Example
from durahub_migrate.lint.rules.hub.diagnosed import DiagnosedRule
from durahub_migrate.lint.rules.of_hubs import OF_HUBS


class MissingSentinel(DiagnosedRule):
    """Finds histories without the row that says which execution is the current one.

    Why it matters: each history has a last row, the sentinel, with the ID of the current execution;
    checkpoints are guarded by it. Without it the current execution is a guess by the first row, and
    two workers can both write.

    What to do: let a worker run the instance: its next checkpoint writes a sentinel. An instance
    that has ended can be purged. Hubs from before May 2018 never had sentinels.
    """

    code = "HUB215"
    message = "the history has no sentinel row"
    severity = Severity.ERROR
    source = "DurableTask.AzureStorage, AzureTableTrackingStore.cs"
    needs = frozenset({Need.STORAGE, Need.HISTORY})
    profiles = OF_HUBS
    bad = (Example("Twelve events and no sentinel", (a_diagnosis(MISSING, "12 event rows"),)),)
    good = (
        Example(
            "The sentinel tells of a checkpoint that was broken off: another rule's",
            (a_diagnosis(CUT_OFF, "after 12 rows"),),
        ),
    )
