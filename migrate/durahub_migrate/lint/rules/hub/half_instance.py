"""HUB205: an instance of which there is only half."""

from collections.abc import Iterator
from dataclasses import replace

from durahub.classic.doctor.rules.instances import BEHIND, NO_HISTORY, NO_ROW
from durahub_migrate.lint.examples import an_instance
from durahub_migrate.lint.facts.hubs import Diagnosis
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.hub_examples import a_diagnosis, began
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.hub.diagnosed import diagnosed, is_for_the_doctor
from durahub_migrate.lint.rules.of_hubs import OF_HUBS
from durahub_migrate.lint.target import Given

BEFORE_ANY_HISTORY = ("Pending", "Terminated")  # it may have been, before its start


class HalfInstance(Rule[InstanceFacts | Diagnosis]):
    """Finds histories without an instance row, and rows without a history.

    Why it matters: the two are written one after the other, so a crash or a purge that was broken
    off can leave one of them. A history without a row is an instance that no query shows; a row
    without a history is one that no worker can run, and a move has nothing to carry.

    What to do: in Azure Storage ``durahub hub doctor --repair`` writes a missing row from the
    history. Of a missing history nothing can be restored: purge the instance, or restart it with
    its input.
    """

    code = "HUB205"
    message = "of an instance there is only a row, or only a history"
    severity = Severity.WARNING
    source = "azure-functions-durable-extension issue 1915; durabletask issue 1321"
    about = (InstanceFacts, Diagnosis)
    needs = frozenset({Need.INSTANCES, Need.HISTORY})
    profiles = OF_HUBS
    bad = (
        Example("A row that is Running, and no history", (an_instance("order-7"),)),
        Example("A Completed row without a history", (an_instance(status="Completed"),)),
        Example("A history without a row", (replace(an_instance(history=began()), row=None),)),
        Example(
            "The doctor says so",
            (a_diagnosis(NO_ROW, "Running, execution 7f2c"), a_diagnosis(NO_HISTORY, "Completed")),
        ),
    )
    good = (
        Example("Both are there", (an_instance(history=began()),)),
        Example("It is Pending: there is no history yet", (an_instance(status="Pending"),)),
        Example("It was terminated, perhaps before it began", (an_instance(status="Terminated"),)),
        Example(
            "Its history was not read, for only a sample is",
            (an_instance(history_is_read=False),),
        ),
        Example("The two differ: another rule's", (a_diagnosis(BEHIND, "the outputs differ"),)),
    )

    def check(self, fact: InstanceFacts | Diagnosis, given: Given) -> Iterator[Finding]:
        """Ask the doctor, or look whether both are there; entities outside Azure Storage have no history."""
        if isinstance(fact, Diagnosis):
            yield from diagnosed(self, fact)
            return
        if is_for_the_doctor(given) or not fact.history_is_read or fact.is_entity:
            return
        if fact.row is None:
            if fact.state.started is not None:
                status = fact.state.status.name
                yield self.at(fact.place, f"there is a history, {status} by it, and no row")
        elif fact.state.started is None and fact.row.status not in BEFORE_ANY_HISTORY:
            yield self.at(fact.place, f"the row says {fact.row.status}, and there is no history")
