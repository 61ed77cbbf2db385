"""HUB221: a message in the queue of another partition."""

from durahub.classic.doctor.rules.messages import NOBODY, WRONG_QUEUE
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Severity
from durahub_migrate.lint.hub_examples import a_diagnosis
from durahub_migrate.lint.place import PlaceKind
from durahub_migrate.lint.rule import Example
from durahub_migrate.lint.rules.hub.diagnosed import DiagnosedRule
from durahub_migrate.lint.rules.of_hubs import OF_HUBS


class WrongQueue(DiagnosedRule):
    """Finds messages in a queue that is not their instance's.

    Why it matters: the hash of an instance's ID chooses its queue. A message in another one was
    sent by a program that takes the hub for one of another number of partitions. The worker of that
    queue runs the instance as well as the right one does, and their checkpoints collide.

    What to do: let all senders and workers have the same ``partitionCount``. The messages pass by
    themselves once somebody receives them.
    """

    code = "HUB221"
    message = "a message lies in another partition's queue"
    severity = Severity.WARNING
    source = "ours; durahub hub doctor, message-in-wrong-queue"
    needs = frozenset({Need.STORAGE, Need.QUEUES})
    profiles = OF_HUBS
    bad = (
        Example(
            "A timer in the first queue",
            (
                a_diagnosis(
                    WRONG_QUEUE,
                    "TimerFired 2; orders-control-03 is the right one",
                    key="orders-control-00/m1",
                    kind=PlaceKind.MESSAGE,
                ),
            ),
        ),
    )
    good = (
        Example("A message for nobody: another rule's", (a_diagnosis(NOBODY, "TimerFired 2"),)),
    )
