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
    │   ├── OverLimit         DH109
    │   ├── NothingToLint     DH110
    │   ├── FileChanged       DH111
    │   ├── BadBaseline       DH113
    │   ├── BadPrices         DH115
    │   ├── EndpointRejects   DH116
    │   ├── MissingPackage    DH117
    │   ├── BadIdMap          DH118
    │   ├── BadCapabilities   DH119
    │   ├── BadVerification   DH120
    │   ├── BadQuery          DH121
    │   ├── BadSource         DH122
    │   ├── BadArgument       DH124
    │   ├── LoginNeeded       DH125
    │   ├── UntrustedRequest  DH126
    │   ├── NotInRows         DH127
    │   ├── BadAlerts         DH128
    │   ├── OpenToAll         DH129
    │   ├── NotAMessage       DH135
    │   ├── TooDeep           DH136
    │   ├── TooMany           DH137
    │   ├── TooLong           DH138
    │   └── BadCertificate    DH139
    ├── NotThere              what was asked for does not exist: exit status 2, NOT_FOUND
    │   ├── HubNotFound       DH201
    │   ├── InstanceNotFound  DH202
    │   └── WorkItemNotFound  DH203
    ├── Refused               it exists, but not in a state for that: exit status 2
    │   ├── InstanceExists    DH301
    │   ├── WrongStatus       DH302
    │   ├── HubMismatch       DH303
    │   ├── CheckpointLost    DH304  (another worker was first; never shown to users)
    │   ├── HubInUse          DH305
    │   ├── ForeignWriter     DH306  (exit status 3)
    │   ├── NotFrozen         DH307  (exit status 3)
    │   ├── NotProbed         DH308  (exit status 3)
    │   ├── JobMismatch       DH309  (exit status 3)
    │   ├── WrongJobState     DH310  (exit status 3)
    │   ├── MoveBlocked       DH311  (exit status 3)
    │   ├── HubBeingMoved     DH312  (exit status 3)
    │   ├── RedactedBundle    DH315  (exit status 3)
    │   ├── ChangedMeanwhile  DH316
    │   ├── JobRefused        DH317  (exit status 3)
    │   ├── NotOffered        DH318
    │   ├── NotGranted        DH319  (exit status 3)
    │   ├── NotLoggedIn       DH320  (exit status 3)
    │   ├── NotAuthenticated  DH321  (exit status 3; UNAUTHENTICATED)
    │   ├── RoleMissing       DH322  (exit status 3; PERMISSION_DENIED)
    │   └── ReplayDiverged    DH409
    ├── Malformed             stored bytes that no writer of the layout produces
    │   ├── BadMessage        DH401
    │   ├── BadRow            DH402
    │   ├── BadPayload        DH403
    │   ├── BadBundle         DH404
    │   ├── UnfinishedBundle  DH405
    │   ├── NewerBundle       DH406
    │   ├── BadPlan           DH407
    │   └── BadDocument       DH410
    └── Unavailable           something outside does not answer: exit status 4, UNAVAILABLE
        ├── StorageUnavailable DH501
        ├── StorageDenied     DH502
        ├── AzuriteFailed     DH503
        ├── PortInUse         DH504
        ├── ServerUnavailable DH505
        ├── FileUnavailable   DH506
        ├── BudgetSpent       DH507
        ├── WorkFileUnusable  DH508
        ├── EndpointDenied    DH509
        ├── EndpointBusy      DH510
        ├── EndpointLacks     DH511
        ├── JournalUnusable   DH512
        ├── StorageThrottled  DH513
        ├── LoginUnavailable  DH514
        ├── NotDelivered      DH515
        ├── ClocksApart       DH519
        ├── Overloaded            a server has too much to do: RESOURCE_EXHAUSTED, 429
        │   ├── TooManyAtOnce DH516
        │   ├── TooMuchAtOnce DH517
        │   └── StorageBehind DH518
        ├── DiskFull          DH520
        └── ReplayStuck       DH408

The sentence is made in the class, the facts are attributes. ``durahub explain CODE`` prints the page.
"""

from typing import ClassVar

from durahub.secret_texts import hidden


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
            f"not a task hub name: {hidden(repr(name))}; use 3 to 45 letters and digits, a letter first"
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
        super().__init__(f"not a hub address: {hidden(repr(address))}: {hidden(problem)}")
        self.address = address
        self.problem = problem


class BadSetting(UsageError):
    """A setting out of its range or of another type."""

    code = "DH105"

    def __init__(self, name: str, value: object, expected: str) -> None:
        super().__init__(f"setting {name} cannot be {hidden(repr(value))}; expected {expected}")
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


class NothingToLint(UsageError):
    """A path without anything that the linter reads."""

    code = "DH110"

    def __init__(self, path: str) -> None:
        super().__init__(
            f"{path}: there is no app (host.json), no template (Bicep, ARM) and no retention policy to check"
        )
        self.path = path


class FileChanged(UsageError):
    """A file that holds something else than when it was read: a fix would undo that."""

    code = "DH111"

    def __init__(self, file: str) -> None:
        super().__init__(f"{file} was changed since it was read; it is left as it is")
        self.file = file


class OverLimit(UsageError):
    """Something is larger than this hub takes. The thing itself is never quoted."""

    code = "DH109"

    def __init__(self, what: str, size: int, limit: int) -> None:
        super().__init__(f"{what} has {size} bytes; the limit of this hub is {limit}")
        self.what = what
        self.size = size
        self.limit = limit


class BadBaseline(UsageError):
    """A file of known findings that is none."""

    code = "DH113"

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(f"{file} cannot be a baseline: {problem}")
        self.file = file
        self.problem = problem


class BadIdMap(UsageError):
    """A file that renames instances and cannot be read, or names two the same."""

    code = "DH118"

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(f"{file} cannot rename instances: {problem}")
        self.file = file
        self.problem = problem


class BadCapabilities(UsageError):
    """A file of what a target can do that cannot be read, or is of another kind of target."""

    code = "DH119"

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(f"{file} does not say what the target can do: {problem}")
        self.file = file
        self.problem = problem


class BadVerification(UsageError):
    """A file that is to tell what ``durahub verify`` has found, and does not."""

    code = "DH120"

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(f"results of verify {file}: {problem}")
        self.file = file
        self.problem = problem


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


class LoginNeeded(UsageError):
    """The monitor is to be reached from other machines, and nobody would have to log in."""

    code = "DH125"

    def __init__(self, host: str) -> None:
        super().__init__(
            f"the monitor does not listen on {host} without a login: configure tokens, a proxy or OIDC, "
            "or let everyone read with anonymous = true"
        )
        self.host = host


class UntrustedRequest(UsageError):
    """A request that a page of somebody else may have sent, by a browser of ours."""

    code = "DH126"


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


class BadPrices(UsageError):
    """A file of prices that cannot be read, or a price in it that means nothing."""

    code = "DH115"

    def __init__(self, file: str, key: str, problem: str) -> None:
        super().__init__(f"{file}: {key}{': ' if key else ''}{problem}")
        self.file = file
        self.key = key
        self.problem = problem


class EndpointRejects(UsageError):
    """An endpoint of the scheduler's protocol does not take what a call holds, and never will."""

    code = "DH116"

    def __init__(self, place: str, call: str, problem: str) -> None:
        super().__init__(f"{place} does not take this {call}: {problem}")
        self.place = place
        self.call = call
        self.problem = problem


class MissingPackage(UsageError):
    """Something was asked for that needs a package which is not installed: an extra of durahub."""

    code = "DH117"

    def __init__(self, what: str, package: str, extra: str) -> None:
        super().__init__(
            f"{what} needs {package}, which is not installed: pip install 'durahub[{extra}]'"
        )
        self.package = package
        self.extra = extra


class OpenToAll(UsageError):
    """A server would let everybody in who reaches it, and nobody has said that this is meant."""

    code = "DH129"

    def __init__(self, host: str) -> None:
        super().__init__(
            f"listening on {host} would let in everybody who reaches it: say who may call "
            "(server.auth, see docs/security.md), listen on 127.0.0.1, or say that it is meant to be "
            "open (server.allow_anonymous = true, --allow-anonymous)"
        )
        self.host = host


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


class NotProbed(Refused):
    """A way to move was asked for that the target was not seen to take."""

    code = "DH308"
    exit_status = 3

    def __init__(self, target: str, way: str, problem: str) -> None:
        super().__init__(f"{target} cannot be moved to by {way}: {problem}")
        self.target = target
        self.way = way
        self.problem = problem


class HubInUse(Refused):
    """Others work on the hub, beside whom this cannot be done."""

    code = "DH305"

    def __init__(self, hub: str, problem: str) -> None:
        super().__init__(f"task hub {hub} is in use: {problem}")
        self.hub = hub


class ForeignWriter(Refused):
    """Somebody writes to a hub that nobody else holds a partition of: an activity, or a client."""

    code = "DH306"
    exit_status = 3

    def __init__(self, hub: str, what: str) -> None:
        super().__init__(f"task hub {hub} cannot be frozen, for somebody writes to it: {what}")
        self.hub = hub


class NotFrozen(Refused):
    """The hub is not frozen, or is not any more."""

    code = "DH307"
    exit_status = 3

    def __init__(self, hub: str, why: str) -> None:
        super().__init__(f"task hub {hub} is not frozen: {why}")
        self.hub = hub


class JobMismatch(Refused):
    """The job of a plan was begun with another plan, or with a bundle that was another one then."""

    code = "DH309"
    exit_status = 3

    def __init__(self, job: str, problem: str) -> None:
        super().__init__(f"job {job}: {problem}")
        self.job = job
        self.problem = problem


class WrongJobState(Refused):
    """The job of a move is not where it would have to be for that."""

    code = "DH310"
    exit_status = 3

    def __init__(self, job: str, state: str, wanted: str) -> None:
        super().__init__(f"job {job} is {state}; {wanted}")
        self.job = job
        self.state = state


class MoveBlocked(Refused):
    """A move may not go on before somebody has decided, or done, something."""

    code = "DH311"
    exit_status = 3

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}; {remedy}")
        self.problem = problem
        self.remedy = remedy


class HubBeingMoved(Refused):
    """A job moves instances into the hub; nothing in it may run before all are there."""

    code = "DH312"
    exit_status = 3

    def __init__(self, hub: str, job: str) -> None:
        super().__init__(
            f"job {job} is moving instances into task hub {hub} and has not handed it over"
        )
        self.hub = hub
        self.job = job


class RedactedBundle(Refused):
    """A bundle without instance IDs and payloads, out of which something is to be moved."""

    code = "DH315"
    exit_status = 3

    def __init__(self, bundle: str) -> None:
        super().__init__(
            f"hub bundle {bundle} is redacted: it can be checked and counted, but not moved or compared"
        )
        self.bundle = bundle


class ChangedMeanwhile(Refused):
    """Something was to be changed as it was seen, and was changed by others before."""

    code = "DH316"

    def __init__(self, what: str, problem: str) -> None:
        super().__init__(f"{what} has changed meanwhile: {problem}")
        self.what = what
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


class NotGranted(Refused):
    """Something that the user may not do at that hub."""

    code = "DH319"
    exit_status = 3

    def __init__(self, user: str, what: str, hub: str) -> None:
        super().__init__(f"{user} may not {what} at {hub}")
        self.user = user
        self.what = what
        self.hub = hub


class NotLoggedIn(Refused):
    """Nobody is logged in, or not any more; what was sent instead is never quoted."""

    code = "DH320"
    exit_status = 3

    def __init__(self, problem: str) -> None:
        super().__init__(f"not logged in: {problem}")
        self.problem = problem


class NotAuthenticated(Refused):
    """A caller of a server that is not known. *reason* is a word for metrics; no token is ever quoted."""

    code = "DH321"
    exit_status = 3

    def __init__(self, reason: str, problem: str) -> None:
        super().__init__(f"the caller is not known: {problem}")
        self.reason = reason
        self.problem = problem


class RoleMissing(Refused):
    """A caller of a server that is known and may not do that. Whether the hub exists is not told."""

    code = "DH322"
    exit_status = 3

    def __init__(self, principal: str, roles: str, hub: str) -> None:
        where = "every task hub" if hub == "*" else f"task hub {hub}"
        needed = f"needs the role {roles}" if roles else "may be made by nobody"
        super().__init__(f"this call {needed} on {where}; {principal} does not have it")
        self.principal = principal
        self.roles = roles
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


class BadBundle(Malformed):
    """A hub bundle of which a file is missing, cut off, or not as it was written."""

    code = "DH404"
    exit_status = 4

    def __init__(self, bundle: str, member: str, problem: str) -> None:
        super().__init__(f"hub bundle {bundle}: {member}: {problem}")
        self.bundle = bundle
        self.member = member
        self.problem = problem


class UnfinishedBundle(Malformed):
    """An export that did not come to its end; nothing in it can be relied on."""

    code = "DH405"
    exit_status = 4

    def __init__(self, bundle: str) -> None:
        super().__init__(
            f"hub bundle {bundle} is unfinished: the export that wrote it was interrupted"
        )
        self.bundle = bundle


class NewerBundle(Malformed):
    """A hub bundle of a version that is not known here."""

    code = "DH406"
    exit_status = 2

    def __init__(self, bundle: str, version: int, known: int) -> None:
        super().__init__(
            f"hub bundle {bundle} has version {version} of the format; this durahub reads up to {known}"
        )
        self.bundle = bundle
        self.version = version


class BadPlan(Malformed):
    """The plan of a move that is cut off, was changed, or is no plan at all."""

    code = "DH407"
    exit_status = 4

    def __init__(self, plan: str, problem: str) -> None:
        super().__init__(f"plan {plan}: {problem}")
        self.plan = plan
        self.problem = problem


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
    """A file of ours cannot be read or written, or another process has it: a scheduler store, a bundle."""

    code = "DH506"

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(f"the file {file} cannot be used: {problem}")
        self.file = file
        self.problem = problem


class DiskFull(FileUnavailable):
    """There is no room for what is to be written to a file of ours; who asked may ask again."""

    code = "DH520"

    def __init__(self, file: str) -> None:
        super().__init__(file, "its disk is full; make room, and the server goes on by itself")


class BudgetSpent(Unavailable):
    """As many requests were sent as the user allowed, and more would be needed."""

    code = "DH507"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"the {most:,} requests that were allowed are spent; not everything is read"
        )
        self.most = most


class WorkFileUnusable(Unavailable):
    """The work file of a run cannot be used: it is another run's, or no work file."""

    code = "DH508"

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(f"the work file {file} cannot be used: {problem}")
        self.file = file
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

    def __init__(self, place: str, call: str) -> None:
        super().__init__(f"{place} does not offer the call {call}")
        self.place = place
        self.call = call


class JournalUnusable(Unavailable):
    """The journal of a move cannot be written or read: nothing more is done at the target."""

    code = "DH512"

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(f"the journal {file} cannot be used: {problem}")
        self.file = file
        self.problem = problem


class StorageThrottled(Unavailable):
    """Storage is busy and asks for patience; what reads in the background waits that long."""

    code = "DH513"

    def __init__(self, account: str, seconds: float) -> None:
        super().__init__(f"storage account {account} is busy and asks to wait {seconds:g} s")
        self.account = account
        self.seconds = seconds


class LoginUnavailable(Unavailable):
    """The identity provider does not answer, or not so that a login can be trusted."""

    code = "DH514"

    def __init__(self, issuer: str, problem: str) -> None:
        super().__init__(f"nobody can log in at {issuer}: {problem}")
        self.issuer = issuer
        self.problem = problem


class NotDelivered(Unavailable):
    """A receiver of alerts does not take a notice. Its address is a secret and not told."""

    code = "DH515"

    def __init__(self, receiver: str, problem: str) -> None:
        super().__init__(f"the receiver {receiver!r} took no notice: {problem}")
        self.receiver = receiver
        self.problem = problem


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

    def __init__(self, waiting: int, retry_after: int) -> None:
        super().__init__(
            f"storage is behind: {waiting} writes wait for it, and new work has to wait with them",
            "storage",
            retry_after,
        )
        self.waiting = waiting


class ReplayStuck(Unavailable):
    """The target of a ghost replay has stopped to give work items of an instance."""

    code = "DH408"

    def __init__(self, instance_id: str, waited: float) -> None:
        super().__init__(
            f"the target gave no work item of instance {instance_id!r} for {waited:g} seconds"
        )
        self.instance_id = instance_id
        self.waited = waited


class ReplayDiverged(Refused):
    """An instance at the target was given something that its recorded history has not at that place."""

    code = "DH409"

    def __init__(self, instance_id: str, problem: str) -> None:
        super().__init__(f"instance {instance_id!r} cannot be replayed: {problem}")
        self.instance_id = instance_id
        self.problem = problem


class BadCertificate(UsageError):
    """A certificate or its key cannot be used. The text of neither is told."""

    code = "DH139"

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(f"the file {file} cannot be used: {problem}")
        self.file = file
        self.problem = problem


class ClocksApart(Unavailable):
    """The clocks of this machine and of storage are too far apart for leases."""

    code = "DH519"

    def __init__(self, seconds: float, *, ahead: bool) -> None:
        way = "ahead of" if ahead else "behind"
        super().__init__(f"the clock of this machine is {seconds:.0f} s {way} that of storage")
        self.seconds = seconds
        self.ahead = ahead


def all_errors() -> dict[str, type[DurahubError]]:
    """Return every error class by its code."""

    def below(cls: type[DurahubError]) -> list[type[DurahubError]]:
        return [cls, *(found for sub in cls.__subclasses__() for found in below(sub))]

    return {cls.code: cls for cls in below(DurahubError) if "code" in cls.__dict__}
