"""HUB222: two actions of one execution with the same event ID."""

from collections.abc import Iterator

from durahub.classic.doctor.rules.history import DOUBLED_IDS, GAP, doubled_ids
from durahub_migrate.lint.examples import an_instance
from durahub_migrate.lint.facts.hubs import Diagnosis
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.hub_examples import a_diagnosis, activity, began, episode, result, timer
from durahub_migrate.lint.rule import EXAMPLE_TIME, Example, Rule
from durahub_migrate.lint.rules.hub.diagnosed import diagnosed, is_for_the_doctor
from durahub_migrate.lint.rules.of_hubs import OF_HUBS
from durahub_migrate.lint.target import Given


class DoubledEventIds(Rule[InstanceFacts | Diagnosis]):
    """Finds histories in which two actions have the same event ID.

    Why it matters: a result names the action that it answers by that ID. Two open actions with one
    ID come from an orchestrator that is not deterministic, or from a defect of its SDK: results go
    to the wrong action, and the replay on another backend may fail where the old one went on.

    What to do: look at the orchestrator's code for what differs between runs: clocks, random
    numbers, calls outside activities. Let the instance end where it is, or terminate it and start
    it anew.
    """

    code = "HUB222"
    message = "two actions of one execution have the same event ID"
    severity = Severity.WARNING
    source = "ours; durahub hub doctor, doubled-event-ids"
    about = (InstanceFacts, Diagnosis)
    needs = frozenset({Need.INSTANCES, Need.HISTORY})
    profiles = OF_HUBS
    bad = (
        Example(
            "A timer has the number of an activity",
            (an_instance(history=began(activity(0), timer(EXAMPLE_TIME, 0))),),
        ),
        Example("The doctor says so", (a_diagnosis(DOUBLED_IDS, "TimerCreated 0"),)),
    )
    good = (
        Example(
            "Each has its own",
            (an_instance(history=[*began(activity(0)), *episode(result(0), activity(1))]),),
        ),
        Example("A row is missing: another rule's", (a_diagnosis(GAP, "it is row 4"),)),
    )

    def check(self, fact: InstanceFacts | Diagnosis, given: Given) -> Iterator[Finding]:
        """Ask the doctor, or its rule about the events alone."""
        if isinstance(fact, Diagnosis):
            yield from diagnosed(self, fact)
        elif not is_for_the_doctor(given) and (doubled := doubled_ids(fact.history)):
            more = f" and {len(doubled) - 1} more" if len(doubled) > 1 else ""
            yield self.at(fact.place, f"{doubled[0]}{more}: the event ID was taken")
