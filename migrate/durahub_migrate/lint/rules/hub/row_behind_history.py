"""HUB216: an instance row that is not what the history says."""

import json
from collections.abc import Iterable, Iterator

from durahub.classic.doctor.rules.instances import BEHIND, NO_ROW
from durahub.model.history import ExecutionRewound, Status
from durahub.model.ticks import Ticks
from durahub_migrate.lint.examples import a_hub, an_instance
from durahub_migrate.lint.facts.hubs import Diagnosis, HubKind, MessageFacts
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.hub_examples import a_diagnosis, a_queued, ago, began, ended
from durahub_migrate.lint.rule import EXAMPLE_TIME, Example, JoiningRule, Observation
from durahub_migrate.lint.rules.groups import group_of
from durahub_migrate.lint.rules.hub.diagnosed import diagnosed, is_for_the_doctor
from durahub_migrate.lint.rules.of_hubs import OF_HUBS
from durahub_migrate.lint.target import Given

REWOUND = "!"  # before the sentence
_FAILED = began(ended(Status.Failed))


class RowBehindHistory(JoiningRule[InstanceFacts | MessageFacts | Diagnosis]):
    """Finds instances whose row and history disagree on status, execution, times or output.

    Why it matters: the history is written first, then the row. A crash between the two leaves a row
    that is behind: clients wait for an instance that has long ended. The next checkpoint of a live
    instance corrects it; one that has ended stays so. A move that goes by the rows would run it
    again.

    What to do: in Azure Storage ``durahub hub doctor --repair`` writes the row from the history. Do
    so before a move.
    """

    code = "HUB216"
    message = "the instance row is not what the history says"
    severity = Severity.WARNING
    source = "DurableTask.AzureStorage, AzureTableTrackingStore.cs"
    about = (InstanceFacts, MessageFacts, Diagnosis)
    needs = frozenset({Need.INSTANCES, Need.HISTORY})
    profiles = OF_HUBS
    bad = (
        Example(
            "The row is Running, the history has ended",
            (an_instance(status="Running", history=began(ended())),),
        ),
        Example(
            "The row is Running, the history has failed, and nobody has asked for a rewind",
            (an_instance(status="Running", history=_FAILED),),
        ),
        Example(
            "The doctor says so",
            (a_diagnosis(BEHIND, "row: Running, execution 7f2c; history: Completed"),),
        ),
    )
    good = (
        Example("Both are Completed", (an_instance(status="Completed", history=began(ended())),)),
        Example("Both are Running", (an_instance(status="Running", history=began()),)),
        Example(
            "It is Pending again: it was rewound, or starts anew",
            (an_instance(status="Pending", history=began(ended())),),
        ),
        Example(
            "It has failed and is about to be rewound: the row is ahead until then",
            (
                a_queued(ExecutionRewound(timestamp=EXAMPLE_TIME, reason="again")),
                an_instance(status="Running", history=_FAILED),
            ),
        ),
        Example(
            "It is being rewound while a hub in use is exported, and a worker has the request",
            (
                a_hub(kind=HubKind.BUNDLE, frozen=False, since=ago(0)),
                an_instance(status="Running", history=_FAILED),
            ),
        ),
        Example("There is no row: another rule's", (a_diagnosis(NO_ROW, "Running"),)),
    )

    def check(
        self,
        fact: InstanceFacts | MessageFacts | Diagnosis,
        given: Given,  # noqa: ARG002
    ) -> Iterator[Finding]:
        """Ask the doctor, who knows as well what is on its way."""
        if isinstance(fact, Diagnosis):
            yield from diagnosed(self, fact)

    def observe(
        self, fact: InstanceFacts | MessageFacts | Diagnosis, given: Given
    ) -> Iterator[Observation]:
        """Compare the statuses, in hubs of another kind; and note rewinds that are on their way."""
        if isinstance(fact, Diagnosis) or is_for_the_doctor(given):
            return
        if isinstance(fact, MessageFacts):
            if isinstance(fact.event, ExecutionRewound) and fact.target is not None:
                yield Observation(group_of(given, fact.target), REWOUND, fact.place)
            return
        state, row = fact.state, fact.row
        if row is None or fact.is_entity or state.started is None:
            return
        if given.settled_until is not None and _is_going_on(fact, given.settled_until):
            return
        is_other = row.status not in ("Pending", state.status.name)
        asked_to_end = row.status == "Terminated" and state.terminated is not None
        if is_other and not asked_to_end:
            rewindable = row.status == "Running" and state.status is Status.Failed
            said = f"the row says {row.status}, the history {state.status.name}"
            note = json.dumps([said, rewindable])
            yield Observation(group_of(given, fact.instance_id), note, fact.place)

    def conclude(self, group: str, seen: Iterable[Observation], given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Tell what differs, unless a rewind is to come: that writes the row first."""
        is_rewound = False
        for one in seen:
            if one.value == REWOUND:
                is_rewound = True
                continue
            said, rewindable = json.loads(one.value)
            if not (is_rewound and rewindable):
                yield self.at(one.place, said)


def _is_going_on(fact: InstanceFacts, since: Ticks) -> bool:
    """Tell whether an instance changed while a hub in use was exported, or may be about to be rewound."""
    row = fact.row
    last = row.last_updated if row is not None else None
    asked = row is not None and row.status == "Running" and fact.state.status is Status.Failed
    return asked or last is None or last >= since
