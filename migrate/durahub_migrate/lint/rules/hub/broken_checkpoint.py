"""HUB218: a sentinel that does not fit the rows that it guards."""

from durahub.classic.doctor.rules.sentinels import BEHIND, CUT_OFF, MISSING
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Severity
from durahub_migrate.lint.hub_examples import a_diagnosis
from durahub_migrate.lint.rule import Example
from durahub_migrate.lint.rules.hub.diagnosed import DiagnosedRule
from durahub_migrate.lint.rules.of_hubs import OF_HUBS


class BrokenCheckpoint(DiagnosedRule):
    """Finds checkpoints that were broken off, and rows that were written without their sentinel.

    Why it matters: an episode of more than a hundred rows is written in several transactions, and
    the sentinel says whether the last one has come. If not, the history ends in the middle of an
    episode. Rows that are newer than the sentinel come from a program that writes without it, or
    from a clock that is wrong.

    What to do: let a worker run the instance before you move it: the messages that caused the
    episode are still queued, and the next one completes it. If rows are newer than the sentinel,
    find out who writes them.
    """

    code = "HUB218"
    message = "a checkpoint was broken off, or its sentinel is older than its rows"
    severity = Severity.WARNING
    source = "ours; durahub hub doctor, checkpoint-cut-off and sentinel-behind-rows"
    needs = frozenset({Need.STORAGE, Need.HISTORY})
    profiles = OF_HUBS
    bad = (
        Example("It was broken off", (a_diagnosis(CUT_OFF, "after 100 rows"),)),
        Example(
            "The last episode is newer than the sentinel",
            (
                a_diagnosis(
                    BEHIND,
                    "the last episode ended 2026-11-01T10:00:09Z, the checkpoint 2026-11-01T10:00:00Z",
                ),
            ),
        ),
    )
    good = (
        Example("No sentinel at all: another rule's", (a_diagnosis(MISSING, "12 event rows"),)),
    )
