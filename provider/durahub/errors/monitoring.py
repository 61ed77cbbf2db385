"""The monitor: queries, what is watched, actions, alerts, and documents of instances."""

from durahub.errors.tree import Malformed, Refused, Unavailable, UsageError
from durahub.secret_texts import hidden


class BadQuery(UsageError):
    """A query of instances that cannot be read. *position* counts characters from 0."""

    code = "DH121"

    def __init__(self, text: str, position: int, problem: str) -> None:
        near = text[position : position + 20]
        super().__init__(
            f"the query cannot be read at character {position + 1}"
            f"{f', {near!r}' if near else ', its end'}: {problem}"
        )
        self.text = text
        self.position = position
        self.problem = problem


class BadSource(UsageError):
    """What is to be watched is named in a form that means nothing, or twice."""

    code = "DH122"

    def __init__(self, source: str, problem: str) -> None:
        super().__init__(f"not something to watch: {hidden(repr(source))}: {hidden(problem)}")
        self.source = source
        self.problem = problem


class BadArgument(UsageError):
    """An action without an argument that it needs, or with one that means nothing; values are not shown."""

    code = "DH124"

    def __init__(self, verb: str, name: str, problem: str) -> None:
        super().__init__(f"{verb}: {name} {problem}")
        self.verb = verb
        self.name = name
        self.problem = problem


class NotInRows(UsageError):
    """A condition on what rows do not tell, where nothing but rows is read."""

    code = "DH127"

    def __init__(self, field: str, store: str, why: str) -> None:
        super().__init__(f"{field!r} cannot be asked of {store} here: {why}")
        self.field = field
        self.why = why


class BadAlerts(UsageError):
    """A setting of alerts that means nothing, or a receiver that cannot be used; no secret is quoted."""

    code = "DH128"

    def __init__(self, file: str, key: str, problem: str) -> None:
        super().__init__(f"{file}: {key}: {problem}")
        self.file = file
        self.key = key
        self.problem = problem


class JobRefused(Refused):
    """A job of actions may not begin: another one runs on its hub, or it would do more than is allowed."""

    code = "DH317"
    exit_status = 3

    def __init__(self, job: str, problem: str) -> None:
        super().__init__(f"job {job} does not begin: {problem}")
        self.job = job
        self.problem = problem


class NotOffered(Refused):
    """An action that this kind of store does not have."""

    code = "DH318"

    def __init__(self, hub: str, verb: str, why: str) -> None:
        super().__init__(f"{verb} is not possible at task hub {hub}: {why}")
        self.hub = hub
        self.verb = verb
        self.why = why


class BadDocument(Malformed):
    """The document of an instance that is cut off, was changed, or is no such document at all.

    *place* is the path of the member: ``history.events[3].timestamp``.
    """

    code = "DH410"
    exit_status = 4

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"not the document of an instance: {place}: {problem}")
        self.place = place
        self.problem = problem


class NotDelivered(Unavailable):
    """A receiver of alerts does not take a notice. Its address is a secret and not told."""

    code = "DH515"

    def __init__(self, receiver: str, problem: str) -> None:
        super().__init__(f"the receiver {receiver!r} took no notice: {problem}")
        self.receiver = receiver
        self.problem = problem
