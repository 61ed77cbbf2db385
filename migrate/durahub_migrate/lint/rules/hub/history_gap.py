"""HUB217: a history of which rows are missing."""

from durahub.classic.doctor.rules.history import GAP, OLDER
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Severity
from durahub_migrate.lint.hub_examples import a_diagnosis
from durahub_migrate.lint.rule import Example
from durahub_migrate.lint.rules.hub.diagnosed import DiagnosedRule
from durahub_migrate.lint.rules.of_hubs import OF_HUBS


class HistoryGap(DiagnosedRule):
    """Finds histories whose row keys do not run 0, 1, 2 and so on.

    Why it matters: the number of rows tells the next checkpoint where to write. With a row missing
    the replay lacks an event, with one too many it has an event that never was; either way the
    orchestrator may fail or take another branch.

    What to do: restore the row if the table is backed up. What stood in it is not known otherwise:
    terminate and purge the instance, and start it again.
    """

    code = "HUB217"
    message = "rows are missing from a history, or are one too many"
    severity = Severity.ERROR
    source = "ours; durahub hub doctor, history-row-gap"
    needs = frozenset({Need.STORAGE, Need.HISTORY})
    profiles = OF_HUBS
    bad = (
        Example(
            "The fourth row is missing",
            (a_diagnosis(GAP, "it is row 3 of the execution; 0000000000000003 was expected"),),
        ),
    )
    good = (
        Example(
            "Rows of an older execution follow: another rule's", (a_diagnosis(OLDER, "3 rows"),)
        ),
    )
