"""HUB223: a result on its way for an action that the history does not hold."""

from durahub.classic.doctor.rules.messages import EARLY, OLDER, STRANDED
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Severity
from durahub_migrate.lint.hub_examples import a_diagnosis
from durahub_migrate.lint.place import PlaceKind
from durahub_migrate.lint.rule import Example
from durahub_migrate.lint.rules.hub.diagnosed import DiagnosedRule
from durahub_migrate.lint.rules.of_hubs import OF_HUBS


class StrayResult(DiagnosedRule):
    """Finds results whose instance has not scheduled the action, or not yet.

    Why it matters: messages are sent before the checkpoint that tells of them. If the worker died
    between the two and other messages are queued, the episode runs again and all is well: that is
    only worth knowing. If nothing else is queued, workers put the result back for ever. A move
    carries a result that answers nothing.

    What to do: let a worker run until the queue is empty. What is still there does no harm as long
    as the instance stays, and is deleted when it has ended.
    """

    code = "HUB223"
    message = "a result is on its way for an action that is not in the history"
    severity = Severity.WARNING
    source = "ours; durahub hub doctor, result-for-no-action and result-before-action"
    needs = frozenset({Need.STORAGE, Need.INSTANCES, Need.HISTORY, Need.QUEUES})
    profiles = OF_HUBS
    bad = (
        Example(
            "Nothing would run the episode again",
            (
                a_diagnosis(
                    STRANDED, "TaskCompleted 4", key="orders-control-01/m1", kind=PlaceKind.MESSAGE
                ),
            ),
        ),
        Example(
            "The episode will run again",
            (
                a_diagnosis(
                    EARLY, "TaskCompleted 4", key="orders-control-01/m1", kind=PlaceKind.MESSAGE
                ),
            ),
        ),
    )
    good = (
        Example(
            "A result for an execution that is over: another rule's",
            (
                a_diagnosis(
                    OLDER, "TaskCompleted 4", key="orders-control-01/m1", kind=PlaceKind.MESSAGE
                ),
            ),
        ),
    )
