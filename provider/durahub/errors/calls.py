"""What a call to a hub holds: no message of the protocol, something too large, a token nobody knows."""

from durahub.errors.tree import NotThere, UsageError


class BadRequest(UsageError):
    """A request that means nothing."""

    code = "DH107"


class OverLimit(UsageError):
    """Something is larger than this hub takes. The thing itself is never quoted."""

    code = "DH109"

    def __init__(self, what: str, size: int, limit: int) -> None:
        super().__init__(f"{what} has {size} bytes; the limit of this hub is {limit}")
        self.what = what
        self.size = size
        self.limit = limit


class NotAMessage(UsageError):
    """Bytes that are no message of the protocol, or one nested more deeply than protobuf's 100 levels."""

    code = "DH135"

    def __init__(self, name: str) -> None:
        super().__init__(f"the bytes of the call are no {name}")
        self.name = name


class TooDeep(UsageError):
    """A JSON value that is nested more deeply than any is read; it is never quoted."""

    code = "DH136"

    def __init__(self, what: str, limit: int) -> None:
        super().__init__(f"{what} is nested more than {limit} levels deep")
        self.what = what
        self.limit = limit


class TooMany(UsageError):
    """More things than one call takes."""

    code = "DH137"

    def __init__(self, what: str, number: int, limit: int) -> None:
        super().__init__(f"{number:,} {what} are too many for one call; it takes {limit:,}")
        self.what = what
        self.number = number
        self.limit = limit


class TooLong(UsageError):
    """A name of more characters than any has; its beginning is enough to know it by."""

    code = "DH138"

    def __init__(self, what: str, characters: int, limit: int) -> None:
        super().__init__(f"{what} has {characters:,} characters; the limit is {limit:,}")
        self.what = what
        self.characters = characters
        self.limit = limit


class WorkItemNotFound(NotThere):
    """A completion token that was never given out, or was given out again to another worker."""

    code = "DH203"

    def __init__(self, token: str) -> None:
        super().__init__(f"Work item '{token}' not found")
        self.token = token
