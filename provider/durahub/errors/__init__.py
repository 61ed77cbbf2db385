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
    │   ├── BadCertificate    DH139
    │   └── SeveralServers    DH140
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
Each subject has its module; everybody imports from here.
"""

from durahub.errors.access import (
    LoginNeeded,
    LoginUnavailable,
    NotAuthenticated,
    NotGranted,
    NotLoggedIn,
    OpenToAll,
    RoleMissing,
    UntrustedRequest,
)
from durahub.errors.bundles import BadBundle, NewerBundle, RedactedBundle, UnfinishedBundle
from durahub.errors.calls import (
    BadRequest,
    NotAMessage,
    OverLimit,
    TooDeep,
    TooLong,
    TooMany,
    WorkItemNotFound,
)
from durahub.errors.endpoints import EndpointBusy, EndpointDenied, EndpointLacks, EndpointRejects
from durahub.errors.hubs import (
    BadHubName,
    ForeignWriter,
    HubBeingMoved,
    HubInUse,
    HubMismatch,
    HubNotFound,
    NotFrozen,
    SeveralServers,
)
from durahub.errors.instances import (
    BadInstanceId,
    ChangedMeanwhile,
    CheckpointLost,
    InstanceExists,
    InstanceNotFound,
    WrongStatus,
)
from durahub.errors.linting import (
    BadBaseline,
    BadPrices,
    BudgetSpent,
    FileChanged,
    NothingToLint,
    WorkFileUnusable,
)
from durahub.errors.monitoring import (
    BadAlerts,
    BadArgument,
    BadDocument,
    BadQuery,
    BadSource,
    JobRefused,
    NotDelivered,
    NotInRows,
    NotOffered,
)
from durahub.errors.moving import (
    BadCapabilities,
    BadIdMap,
    BadPlan,
    BadVerification,
    JobMismatch,
    JournalUnusable,
    MoveBlocked,
    NotProbed,
    ReplayDiverged,
    ReplayStuck,
    WrongJobState,
)
from durahub.errors.servers import (
    Overloaded,
    PortInUse,
    ServerUnavailable,
    StorageBehind,
    TooManyAtOnce,
    TooMuchAtOnce,
)
from durahub.errors.settings import (
    BadAddress,
    BadCertificate,
    BadConnectionString,
    BadSetting,
    BadSettingsFile,
    MissingPackage,
)
from durahub.errors.storage import (
    AzuriteFailed,
    ClocksApart,
    DiskFull,
    FileUnavailable,
    StorageDenied,
    StorageThrottled,
    StorageUnavailable,
)
from durahub.errors.stored import BadMessage, BadPartitionKey, BadPayload, BadRow
from durahub.errors.tree import (
    DurahubError,
    Malformed,
    NotThere,
    Refused,
    Unavailable,
    UsageError,
    all_errors,
)

__all__ = [
    "AzuriteFailed",
    "BadAddress",
    "BadAlerts",
    "BadArgument",
    "BadBaseline",
    "BadBundle",
    "BadCapabilities",
    "BadCertificate",
    "BadConnectionString",
    "BadDocument",
    "BadHubName",
    "BadIdMap",
    "BadInstanceId",
    "BadMessage",
    "BadPartitionKey",
    "BadPayload",
    "BadPlan",
    "BadPrices",
    "BadQuery",
    "BadRequest",
    "BadRow",
    "BadSetting",
    "BadSettingsFile",
    "BadSource",
    "BadVerification",
    "BudgetSpent",
    "ChangedMeanwhile",
    "CheckpointLost",
    "ClocksApart",
    "DiskFull",
    "DurahubError",
    "EndpointBusy",
    "EndpointDenied",
    "EndpointLacks",
    "EndpointRejects",
    "FileChanged",
    "FileUnavailable",
    "ForeignWriter",
    "HubBeingMoved",
    "HubInUse",
    "HubMismatch",
    "HubNotFound",
    "InstanceExists",
    "InstanceNotFound",
    "JobMismatch",
    "JobRefused",
    "JournalUnusable",
    "LoginNeeded",
    "LoginUnavailable",
    "Malformed",
    "MissingPackage",
    "MoveBlocked",
    "NewerBundle",
    "NotAMessage",
    "NotAuthenticated",
    "NotDelivered",
    "NotFrozen",
    "NotGranted",
    "NotInRows",
    "NotLoggedIn",
    "NotOffered",
    "NotProbed",
    "NotThere",
    "NothingToLint",
    "OpenToAll",
    "OverLimit",
    "Overloaded",
    "PortInUse",
    "RedactedBundle",
    "Refused",
    "ReplayDiverged",
    "ReplayStuck",
    "RoleMissing",
    "ServerUnavailable",
    "SeveralServers",
    "StorageBehind",
    "StorageDenied",
    "StorageThrottled",
    "StorageUnavailable",
    "TooDeep",
    "TooLong",
    "TooMany",
    "TooManyAtOnce",
    "TooMuchAtOnce",
    "Unavailable",
    "UnfinishedBundle",
    "UntrustedRequest",
    "UsageError",
    "WorkFileUnusable",
    "WorkItemNotFound",
    "WrongJobState",
    "WrongStatus",
    "all_errors",
]
