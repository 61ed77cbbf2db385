"""What is stored in a hub: keys, messages, rows and payloads."""

from durahub.errors.tree import Malformed, UsageError


class BadPartitionKey(UsageError):
    """A partition key holds an escape that no writer of the format produces."""

    code = "DH102"

    def __init__(self, key: str) -> None:
        super().__init__(f"not an escaped partition key: {key!r}")
        self.key = key


class BadMessage(Malformed):
    """A queue message, or the blob it names, that cannot be read."""

    code = "DH401"

    def __init__(self, problem: str) -> None:
        super().__init__(f"not a queue message: {problem}")
        self.problem = problem


class BadRow(Malformed):
    """A History or Instances row that cannot be read."""

    code = "DH402"

    def __init__(self, location: str, problem: str) -> None:
        super().__init__(f"not a row of this table: {location}: {problem}")
        self.location = location
        self.problem = problem


class BadPayload(Malformed):
    """A large-message blob that is missing or cannot be read."""

    code = "DH403"

    def __init__(self, blob: str, problem: str) -> None:
        super().__init__(f"large payload {blob!r} cannot be read: {problem}")
        self.blob = blob
        self.problem = problem
