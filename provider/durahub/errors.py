"""Everything durahub raises on purpose: one tree, a stable code a class, a page a code.

::

    DurahubError
    ├── UsageError            the caller's input is wrong: exit status 2, INVALID_ARGUMENT
    │   ├── BadHubName        DH101
    │   ├── BadPartitionKey   DH102
    │   ├── BadConnectionString DH103
    │   ├── BadAddress        DH104
    │   ├── BadSetting        DH105
    │   ├── BadInstanceId     DH106
    │   ├── BadRequest        DH107
    │   ├── BadSettingsFile   DH108
    │   └── OverLimit         DH109
    ├── NotThere              what was asked for does not exist: exit status 2, NOT_FOUND
    │   ├── HubNotFound       DH201
    │   ├── InstanceNotFound  DH202
    │   └── WorkItemNotFound  DH203
    ├── Refused               it exists, but not in a state for that: exit status 2
    │   ├── InstanceExists    DH301
    │   ├── WrongStatus       DH302
    │   ├── HubMismatch       DH303
    │   ├── CheckpointLost    DH304  (another worker was first; never shown to users)
    │   └── HubInUse          DH305
    ├── Malformed             stored bytes that no writer of the layout produces
    │   ├── BadMessage        DH401
    │   ├── BadRow            DH402
    │   └── BadPayload        DH403
    └── Unavailable           something outside does not answer: exit status 4, UNAVAILABLE
        ├── StorageUnavailable DH501
        ├── StorageDenied     DH502
        ├── AzuriteFailed     DH503
        ├── PortInUse         DH504
        ├── ServerUnavailable DH505
        └── FileUnavailable   DH506

The sentence is made in the class, the facts are attributes. ``durahub explain CODE`` prints the page.
"""

from typing import ClassVar


class DurahubError(Exception):
    """The root; never raised itself."""

    code: ClassVar[str]
    exit_status: ClassVar[int] = 1

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence

    def __str__(self) -> str:
        """Return the code and the sentence, as every surface shows them."""
        return f"{self.code}: {self.sentence}"


class UsageError(DurahubError):
    """The caller's input is wrong; trying again unchanged cannot help."""

    exit_status = 2


class BadHubName(UsageError):
    """A hub name that storage would refuse."""

    code = "DH101"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"not a task hub name: {name!r}; use 3 to 45 letters and digits, a letter first"
        )
        self.name = name


class BadPartitionKey(UsageError):
    """A partition key holds an escape that no writer of the format produces."""

    code = "DH102"

    def __init__(self, key: str) -> None:
        super().__init__(f"not an escaped partition key: {key!r}")
        self.key = key


class BadConnectionString(UsageError):
    """A connection string that cannot be used. The string itself is never shown: it holds a key."""

    code = "DH103"

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"the connection string in {where} cannot be used: {problem}")
        self.where = where
        self.problem = problem


class BadAddress(UsageError):
    """A hub address of no known form."""

    code = "DH104"

    def __init__(self, address: str, problem: str) -> None:
        super().__init__(f"not a hub address: {address!r}: {problem}")
        self.address = address
        self.problem = problem


class BadSetting(UsageError):
    """A setting out of its range or of another type."""

    code = "DH105"

    def __init__(self, name: str, value: object, expected: str) -> None:
        super().__init__(f"setting {name} cannot be {value!r}; expected {expected}")
        self.name = name
        self.value = value


class BadInstanceId(UsageError):
    """An instance ID that this hub does not accept."""

    code = "DH106"

    def __init__(self, instance_id: str, problem: str) -> None:
        super().__init__(f"not an instance ID: {instance_id[:120]!r}: {problem}")
        self.instance_id = instance_id


class BadRequest(UsageError):
    """A request that means nothing."""

    code = "DH107"


class BadSettingsFile(UsageError):
    """A settings file that cannot be read, or a key in it that means nothing."""

    code = "DH108"

    def __init__(self, file: str, key: str, problem: str) -> None:
        super().__init__(f"{file}: {key}{': ' if key else ''}{problem}")
        self.file = file
        self.key = key
        self.problem = problem


class OverLimit(UsageError):
    """Something is larger than this hub takes. The thing itself is never quoted."""

    code = "DH109"

    def __init__(self, what: str, size: int, limit: int) -> None:
        super().__init__(f"{what} has {size} bytes; the limit of this hub is {limit}")
        self.what = what
        self.size = size
        self.limit = limit


class NotThere(DurahubError):
    """What was asked for does not exist."""

    exit_status = 2


class HubNotFound(NotThere):
    """No such task hub."""

    code = "DH201"

    def __init__(self, name: str, hint: str = "") -> None:
        super().__init__(f"Task hub not found: {name}{'; ' if hint else ''}{hint}")
        self.name = name


class InstanceNotFound(NotThere):
    """No such instance."""

    code = "DH202"

    def __init__(self, instance_id: str) -> None:
        super().__init__(f"no instance with the ID {instance_id!r}")
        self.instance_id = instance_id


class WorkItemNotFound(NotThere):
    """A completion token that was never given out, or was given out again to another worker."""

    code = "DH203"

    def __init__(self, token: str) -> None:
        super().__init__(f"Work item '{token}' not found")
        self.token = token


class Refused(DurahubError):
    """It exists, but is not in a state for what was asked."""

    exit_status = 2


class InstanceExists(Refused):
    """The instance ID is taken and may not be replaced."""

    code = "DH301"

    def __init__(self, instance_id: str, status: str) -> None:
        super().__init__(f"an instance with the ID {instance_id!r} already exists and is {status}")
        self.instance_id = instance_id
        self.status = status


class WrongStatus(Refused):
    """The instance is in a state in which this cannot be done."""

    code = "DH302"

    def __init__(self, instance_id: str, status: str, wanted: str) -> None:
        super().__init__(f"instance {instance_id!r} is {status}; {wanted}")
        self.instance_id = instance_id
        self.status = status


class HubMismatch(Refused):
    """The hub in storage differs from what the settings say; going on would split it."""

    code = "DH303"

    def __init__(self, hub: str, problem: str) -> None:
        super().__init__(f"task hub {hub} is not as configured: {problem}")
        self.hub = hub


class CheckpointLost(Refused):
    """Another worker wrote this instance's history first; everything of this episode is dropped."""

    code = "DH304"

    def __init__(self, instance_id: str) -> None:
        super().__init__(f"another worker wrote the history of {instance_id!r} first")
        self.instance_id = instance_id


class HubInUse(Refused):
    """Others work on the hub, beside whom this cannot be done."""

    code = "DH305"

    def __init__(self, hub: str, problem: str) -> None:
        super().__init__(f"task hub {hub} is in use: {problem}")
        self.hub = hub


class Malformed(DurahubError):
    """Stored bytes that no writer of the layout produces. They are set aside, never deleted."""


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


class Unavailable(DurahubError):
    """Something outside does not answer, or not as it must."""

    exit_status = 4


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


class FileUnavailable(Unavailable):
    """The file of a scheduler store cannot be read or written, or another process has it."""

    code = "DH506"

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(f"the file {file} cannot be used: {problem}")
        self.file = file
        self.problem = problem


def all_errors() -> dict[str, type[DurahubError]]:
    """Return every error class by its code."""

    def below(cls: type[DurahubError]) -> list[type[DurahubError]]:
        return [cls, *(found for sub in cls.__subclasses__() for found in below(sub))]

    return {cls.code: cls for cls in below(DurahubError) if "code" in cls.__dict__}
