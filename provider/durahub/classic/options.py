"""How a hub in Azure Storage is served."""

import socket
import uuid
from dataclasses import dataclass, field
from enum import Enum

from durahub.classic.dialect import DTFX_2_9, Dialect
from durahub.classic.visibility import Visibility
from durahub.errors import BadSetting

MOST_PARTITIONS = 16
DEFAULT_PARTITIONS = 4


class Manager(Enum):
    """How workers of a hub share its partitions; ``AUTO`` is what the hub itself tells."""

    AUTO = "auto"
    TABLE = "table"
    SAFE = "safe"
    LEGACY = "legacy"


class Level(Enum):
    """Who may serve a hub, and so what its storage must say at every moment.

    ``DEFAULT``: any worker of the layout. ``EXCLUSIVE``: durahub servers alone, of either level; an
    activity that a server runs by itself has no message then (`durahub.classic.unposted`).
    """

    DEFAULT = "default"
    EXCLUSIVE = "exclusive"


def unique_worker_id() -> str:
    """Return a name that no other process uses: two that share one would both own everything."""
    return f"{socket.gethostname()}:{uuid.uuid4().hex[:12]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassicOptions:
    """Settings of one hub; times in seconds.

    ``partitions`` is ``None`` where the hub is there already and its own number is meant; a new hub
    then gets four. The lease times are DTFx's: workers of one hub must have the same. ``app_name`` is that
    of the app lease; ``use_app_lease`` is ``None`` for "if there is an app name".
    """

    partitions: int | None = None
    dialect: Dialect = DTFX_2_9
    worker_id: str = field(default_factory=unique_worker_id)
    tracking_prefix: str | None = None
    manager: Manager = Manager.AUTO
    level: Level = Level.DEFAULT
    app_name: str | None = None
    use_app_lease: bool | None = None
    control_batch: int = 32  # messages of one receive, at most
    visibility: float = 60.0  # how long a dead server's messages stay hidden
    activity_visibility: float | None = None  # the same of activities, if it differs
    max_poll: float = 10.0  # the longest wait between two looks at an empty queue
    lease: float = 30.0
    lease_pass: float = 10.0  # between two looks at the leases
    lease_haste: float = 1.0  # the same while a partition changes hands
    app_lease: float = 60.0
    app_lease_acquire: float = 300.0  # between two tries, while another app has it
    app_lease_renew: float = 25.0
    # How long an activity's result may be in memory only (a crash in that time makes the activity run
    # again), while no results are recorded, and while others are, of more instances than have a turn:
    result_grace: float = 1.0
    result_grace_busy: float = 10.0
    row_refresh: float = 10.0  # an instance row of which only the time changes is written so often
    waits_here: float = 300.0  # what is due later than that waits in its queue, not in memory
    leave_within: float = 60.0  # letting all partitions go takes no longer
    parallel: int = 32  # storage requests of one commit at once

    def __post_init__(self) -> None:
        if self.partitions is not None and not 1 <= self.partitions <= MOST_PARTITIONS:
            raise BadSetting("partitions", self.partitions, "a number from 1 to 16")
        for visibility in (self.visibility, self.activity_visibility):
            if visibility is not None and visibility < 2:
                raise BadSetting("visibility", visibility, "at least 2 seconds")
        if not 1 <= self.control_batch <= 32:
            raise BadSetting("control_batch", self.control_batch, "a number from 1 to 32")

    @property
    def app_leased(self) -> bool:
        """Whether this server works only while its app holds the app lease."""
        return self.app_name is not None if self.use_app_lease is None else self.use_app_lease

    def visibility_in(self, workitem_queue: str) -> Visibility:
        """Return the visibility time-outs of a hub in the whole seconds that the service takes."""
        activities = self.activity_visibility or self.visibility
        return Visibility(round(self.visibility), round(activities), workitem_queue)
