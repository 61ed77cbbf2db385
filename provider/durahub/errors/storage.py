"""What hubs are kept in: storage accounts, the local one, files."""

from durahub.errors.tree import Unavailable


class StorageUnavailable(Unavailable):
    """The storage account does not answer."""

    code = "DH501"

    def __init__(self, account: str, problem: str) -> None:
        super().__init__(f"storage account {account} does not answer: {problem}")
        self.account = account


class StorageDenied(Unavailable):
    """The storage account refuses these credentials."""

    code = "DH502"

    def __init__(self, account: str, problem: str) -> None:
        super().__init__(f"storage account {account} refuses access: {problem}")
        self.account = account


class AzuriteFailed(Unavailable):
    """Azurite could not be installed or started."""

    code = "DH503"

    def __init__(self, problem: str) -> None:
        super().__init__(f"Azurite did not start: {problem}")
        self.problem = problem


class FileUnavailable(Unavailable):
    """A file of ours cannot be read or written, or another process has it: a scheduler store, a bundle."""

    code = "DH506"

    def __init__(self, file: str, problem: str, *, holder: str | None = None) -> None:
        super().__init__(f"the file {file} cannot be used: {problem}")
        self.file = file
        self.problem = problem
        self.holder = holder  # the process that has it, where that is the problem


class StorageThrottled(Unavailable):
    """Storage is busy and asks for patience; what reads in the background waits that long."""

    code = "DH513"

    def __init__(self, account: str, seconds: float) -> None:
        super().__init__(f"storage account {account} is busy and asks to wait {seconds:g} s")
        self.account = account
        self.seconds = seconds


class ClocksApart(Unavailable):
    """The clocks of this machine and of storage are too far apart for leases."""

    code = "DH519"

    def __init__(self, seconds: float, *, ahead: bool) -> None:
        way = "ahead of" if ahead else "behind"
        super().__init__(f"the clock of this machine is {seconds:.0f} s {way} that of storage")
        self.seconds = seconds
        self.ahead = ahead


class DiskFull(FileUnavailable):
    """There is no room for what is to be written to a file of ours; who asked may ask again."""

    code = "DH520"

    def __init__(self, file: str) -> None:
        super().__init__(file, "its disk is full; make room, and the server goes on by itself")
