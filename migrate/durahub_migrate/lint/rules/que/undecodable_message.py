"""QUE608: a message that cannot be decoded."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.hubs import MessageFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.hub_examples import a_queued, activity
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.of_hubs import OF_HUBS
from durahub_migrate.lint.target import Given


class UndecodableMessage(Rule[MessageFacts]):
    """Finds messages that no writer of the layout produces, and those whose blob is gone.

    Why it matters: workers put such a message back with growing pauses, for ever, and the instance
    it is for waits. What it says cannot be carried to another hub.

    What to do: find out who sent it: another program that uses the queue, a newer version of the
    provider, or one with another encoding of messages. ``durahub hub doctor --repair`` sets it
    aside; delete it when you know that nobody needs it.
    """

    code = "QUE608"
    message = "a message cannot be decoded"
    severity = Severity.ERROR
    source = "ours; durahub hub doctor, message-unreadable"
    about = (MessageFacts,)
    needs = frozenset({Need.QUEUES})
    profiles = OF_HUBS
    bad = (
        Example(
            "Not JSON",
            (a_queued(target=None, problem="not JSON: line 1, column 1", head="hello"),),
        ),
        Example("Its blob is gone", (a_queued(target=None, problem="there is no such blob"),)),
    )
    good = (Example("An activity", (a_queued(activity(), head=""),)),)

    def check(self, fact: MessageFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Tell what the source could not read, and its beginning."""
        if fact.problem is not None:
            yield self.at(fact.place, fact.problem, head=fact.head or None, private=True)
