"""QUE606: activities that wait in a hub that is to be moved."""

from collections.abc import Iterator

from durahub_migrate.lint.examples import a_hub
from durahub_migrate.lint.facts.hubs import HubFacts, HubKind
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.hub_examples import STOPPED
from durahub_migrate.lint.place import Place, PlaceKind
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.of_hubs import WHEN_MOVING
from durahub_migrate.lint.target import Given


class ActivitiesAtFreeze(Rule[HubFacts]):
    """Finds stopped hubs whose queue of activities is not empty.

    Why it matters: a message in that queue is an activity that nobody has run, or that a worker ran
    and did not finish: which of the two, the queue does not tell. Whoever carries it may run it
    twice; whoever leaves it behind lets its orchestration wait for ever. The app lease does not
    protect this queue.

    What to do: start the apps again, let nothing new in, and wait until the queue is empty; only
    then stop them. If that cannot be, list these activities and decide for each whether it may run
    twice.

    When to ignore it: where all activities may run twice. Of a bundle that was taken while nobody had
    frozen the hub it is a warning: another may have fewer.
    """

    code = "QUE606"
    message = "activities wait in a hub that is to be moved"
    severity = Severity.ERROR
    source = "DurableTask.AzureStorage, AzureStorageOrchestrationService.cs"
    about = (HubFacts,)
    needs = frozenset({Need.QUEUES, Need.SNAPSHOT})
    profiles = WHEN_MOVING
    bad = (
        Example("Three activities", (a_hub(queues={"orders-workitems": 3}),), STOPPED),
        Example(
            "In a bundle of a hub that nobody froze: a warning",
            (a_hub(kind=HubKind.BUNDLE, frozen=False, queues={"orders-workitems": 3}),),
        ),
    )
    good = (
        Example("None", (a_hub(queues={"orders-workitems": 0}),), STOPPED),
        Example("The hub is in use", (a_hub(queues={"orders-workitems": 3}),)),
        Example(
            "Other messages: another rule's",
            (a_hub(queues={"orders-control-00": 3, "orders-workitems": 0}),),
            STOPPED,
        ),
    )

    def check(self, fact: HubFacts, given: Given) -> Iterator[Finding]:
        """Look at the queue's depth, in which hidden messages count."""
        for queue, depth in fact.queues.items():
            if given.is_to_be_moved and queue.endswith("workitems") and depth:
                place = Place(source=fact.place.source, kind=PlaceKind.QUEUE, key=queue)
                severity = None if given.is_frozen else Severity.WARNING
                said = f"messages of activities, about: {depth:,}"
                yield self.at(place, said, severity=severity)
