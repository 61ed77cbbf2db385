"""HUB207: rows of an older execution behind the current history."""

from durahub.classic.doctor.rules.history import GAP, OLDER
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Severity
from durahub_migrate.lint.hub_examples import a_diagnosis
from durahub_migrate.lint.rule import Example
from durahub_migrate.lint.rules.hub.diagnosed import DiagnosedRule
from durahub_migrate.lint.rules.of_hubs import WHEN_MOVING


class LeftoverRows(DiagnosedRule):
    """Finds instances with rows of an execution that is not the one in the sentinel.

    Why it matters: continue-as-new and restarts write the new history over the old one from the
    first row on, and leave what is longer. That is how the layout works, and workers stop at the
    first row of another execution. A tool that copies whole partitions takes both for one history,
    and replay then fails.

    What to do: nothing, as long as the hub stays where it is: ``durahub`` leaves these rows out as
    well. If you move the hub with other tools, see that they filter by the execution ID of the
    sentinel.
    """

    code = "HUB207"
    message = "rows of an older execution stand behind the history"
    severity = Severity.INFO
    source = "DurableTask.AzureStorage, AzureTableTrackingStore.cs"
    needs = frozenset({Need.STORAGE, Need.HISTORY})
    profiles = WHEN_MOVING
    bad = (
        Example("An eternal orchestration had more rows before", (a_diagnosis(OLDER, "3 rows"),)),
    )
    good = (
        Example(
            "A row of the current execution is missing: another rule's",
            (a_diagnosis(GAP, "it is row 4 of the execution; 0000000000000003 was expected"),),
        ),
    )
