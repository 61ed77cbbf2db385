"""A hub as rules see it, but for its instances; its messages; its blobs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from durahub.classic.doctor.findings import Finding as Diagnosed
from durahub.classic.doctor.snapshot import HubFacts as ClassicHub
from durahub.model.history import Event
from durahub.model.ticks import Ticks
from durahub_migrate.lint.facts.payloads import Payload
from durahub_migrate.lint.place import Place


class HubKind(Enum):
    """What a hub was read from."""

    CLASSIC = "Azure Storage"
    SCHEDULER = "SQLite file"
    BUNDLE = "hub bundle"


@dataclass(frozen=True, slots=True, kw_only=True)
class HubFacts:
    """A hub. *now* is when it was read; of a bundle, when it was taken.

    *parts* tells of each part of the layout whether it is there (``table ordersHistory``), *queues* how many
    messages each queue holds, hidden ones too, about. *partitions* are as many as its instances are spread
    over, *task_hub_json* as many as ``taskhub.json`` says. *frozen* tells of a bundle whether nobody was at
    work while it was taken, and *since* when that began, if what is in it is of different moments. A live hub
    says neither: that nobody is at work now keeps nobody from coming back, so a user has to say that it is
    stopped. *told_messages* is how many messages come as facts, ``None`` where only *queues* tell of that.
    *classic* is there for hubs in Azure Storage alone.
    """

    place: Place
    name: str
    kind: HubKind
    now: Ticks
    partitions: int = 1
    task_hub_json: int | None = None
    parts: Mapping[str, bool] = field(default_factory=dict)
    queues: Mapping[str, int] = field(default_factory=dict)
    frozen: bool | None = None
    since: Ticks | None = None
    apps: tuple[str, ...] = ()  # app names in lease info
    is_of_functions: bool | None = None
    told_messages: int | None = None
    classic: ClassicHub | None = None

    @property
    def has_messages(self) -> bool:
        """Whether messages may come as facts: without any, no instance needs to be remembered for them."""
        if self.told_messages is not None:
            return self.told_messages > 0
        return self.kind is HubKind.BUNDLE or any(self.queues.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFacts:
    """A message on its way. *target* is the instance it is for; *problem* says why there is no event.

    *inserted* is when it was put into its queue, where that is known. *visible_at* is when it is due, of a
    message that waits. *event* may lack large texts. *blob* is the large payload that holds the message, if
    it does not fit into its queue. *is_plain* tells that its text is not in Base64, ``None`` that this is
    not known.
    """

    place: Place
    queue: str
    deliveries: int = 0
    event: Event | None = None
    target: str | None = None
    execution_id: str | None = None
    inserted: Ticks | None = None
    visible_at: Ticks | None = None
    payloads: tuple[Payload, ...] = ()
    blob: str | None = None
    problem: str | None = None
    head: str = ""
    is_plain: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobFacts:
    """A blob of the large-message container."""

    place: Place
    name: str
    size: int
    changed: Ticks


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What ``durahub hub doctor`` finds, looked at twice where the hub is in use."""

    place: Place
    diagnosed: Diagnosed
