"""HUB211: a row that cannot be decoded."""

from collections.abc import Iterator

from durahub.classic.doctor.rules.history import GAP, UNREADABLE
from durahub_migrate.lint.examples import an_instance
from durahub_migrate.lint.facts.hubs import Diagnosis
from durahub_migrate.lint.facts.instances import InstanceFacts, Problem
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.hub_examples import a_diagnosis, began
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.hub.diagnosed import diagnosed, is_for_the_doctor
from durahub_migrate.lint.rules.of_hubs import OF_HUBS
from durahub_migrate.lint.target import Given


class UndecodableRow(Rule[InstanceFacts | Diagnosis]):
    """Finds rows that no writer of the layout produces: an unknown event, broken JSON, a bad key.

    Why it matters: no worker can load an instance with such a history, and no query shows an
    instance with such a row. An export puts it among its rejects, and a move leaves it behind.

    What to do: look at the row. If a newer version of the extension wrote it, use the newer version
    of this tool. If somebody edited it, correct it. Otherwise purge the instance.
    """

    code = "HUB211"
    message = "a row cannot be decoded"
    severity = Severity.ERROR
    source = "DurableTask.Core, HistoryEvent.cs and EventType.cs"
    about = (InstanceFacts, Diagnosis)
    needs = frozenset({Need.INSTANCES})
    profiles = OF_HUBS
    bad = (
        Example(
            "A bundle has an event that cannot be read",
            (an_instance(problems=(Problem("event 7", "TaskFinished is no event type"),)),),
        ),
        Example(
            "The doctor says so",
            (a_diagnosis(UNREADABLE, "EventType: no event type: TaskFinished"),),
        ),
    )
    good = (
        Example("All was read", (an_instance(history=began()),)),
        Example(
            "A row is missing: another rule's",
            (a_diagnosis(GAP, "it is row 4 of the execution; 0000000000000003 was expected"),),
        ),
    )

    def check(self, fact: InstanceFacts | Diagnosis, given: Given) -> Iterator[Finding]:
        """Ask the doctor, or tell what the source could not read."""
        if isinstance(fact, Diagnosis):
            yield from diagnosed(self, fact)
        elif not is_for_the_doctor(given):
            in_blobs = {payload.where for payload in fact.payloads if payload.problem is not None}
            for problem in fact.problems:
                if problem.where not in in_blobs:
                    said = f"{problem.where}: {problem.sentence}"
                    yield self.at(fact.place, said, discriminator=problem.where)
