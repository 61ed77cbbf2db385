"""A server that cannot begin, does not answer, or has too much to do."""

from durahub.errors.tree import Unavailable


class PortInUse(Unavailable):
    """Another program listens on the port."""

    code = "DH504"

    def __init__(self, port: int, what: str, option: str) -> None:
        super().__init__(
            f"port {port} for {what} is in use; stop the other program or choose another with {option}"
        )
        self.port = port


class ServerUnavailable(Unavailable):
    """A durahub server or DTS endpoint does not answer."""

    code = "DH505"

    def __init__(self, endpoint: str, problem: str) -> None:
        super().__init__(f"{endpoint} does not answer: {problem}")
        self.endpoint = endpoint


class Overloaded(Unavailable):
    """A server has as much to do as it may take on. *retry_after* is in seconds, *reason* one word."""

    def __init__(self, sentence: str, reason: str, retry_after: int) -> None:
        super().__init__(f"{sentence}; try again in {retry_after} s")
        self.reason = reason
        self.retry_after = retry_after


class TooManyAtOnce(Overloaded):
    """As many calls, waits or streams are in progress as the server takes on."""

    code = "DH516"

    def __init__(self, reason: str, what: str, most: int, setting: str, retry_after: int) -> None:
        super().__init__(
            f"the server has too many {what} at once: it takes {most} ({setting})",
            reason,
            retry_after,
        )
        self.most = most
        self.setting = setting


class TooMuchAtOnce(Overloaded):
    """The requests in progress take as much memory as they may."""

    code = "DH517"

    def __init__(self, most_bytes: int, setting: str, retry_after: int) -> None:
        super().__init__(
            f"the requests in progress fill the server's memory for them: {most_bytes // 2**20} MiB "
            f"({setting})",
            "memory",
            retry_after,
        )
        self.most_bytes = most_bytes
        self.setting = setting


class StorageBehind(Overloaded):
    """Storage takes writes more slowly than they come."""

    code = "DH518"

    def __init__(self, waiting: int, size: int, retry_after: int) -> None:
        super().__init__(
            f"storage is behind: {waiting} writes wait for it, with {size // 2**20} MiB in what is not "
            "written, and new work has to wait with them",
            "storage",
            retry_after,
        )
        self.waiting = waiting
        self.size = size
