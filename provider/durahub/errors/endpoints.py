"""Endpoints of the scheduler's protocol that are not ours, and what they do not do."""

from durahub.errors.tree import Unavailable, UsageError


class EndpointRejects(UsageError):
    """An endpoint of the scheduler's protocol does not take what a call holds, and never will."""

    code = "DH116"

    def __init__(self, place: str, call: str, problem: str) -> None:
        super().__init__(f"{place} does not take this {call}: {problem}")
        self.place = place
        self.call = call
        self.problem = problem


class EndpointDenied(Unavailable):
    """An endpoint of the scheduler's protocol refuses who asks."""

    code = "DH509"

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place} refuses access: {problem}")
        self.place = place


class EndpointBusy(Unavailable):
    """An endpoint of the scheduler's protocol has had no room for too long."""

    code = "DH510"

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place} has no room for more, also after waiting: {problem}")
        self.place = place


class EndpointLacks(Unavailable):
    """An endpoint of the scheduler's protocol does not offer a call."""

    code = "DH511"

    def __init__(self, place: str, call: str, said: str = "") -> None:
        why = f": {said}" if said else ""
        super().__init__(f"{place} does not offer the call {call}{why}")
        self.place = place
        self.call = call
