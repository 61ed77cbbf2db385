"""Rules about the structure of a hub."""

from typing import Any

from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.rules.hub.app_lease import AppLease
from durahub_migrate.lint.rules.hub.broken_checkpoint import BrokenCheckpoint
from durahub_migrate.lint.rules.hub.doubled_event_ids import DoubledEventIds
from durahub_migrate.lint.rules.hub.frozen_hub_in_use import FrozenHubInUse
from durahub_migrate.lint.rules.hub.growth import Growth
from durahub_migrate.lint.rules.hub.half_instance import HalfInstance
from durahub_migrate.lint.rules.hub.history_gap import HistoryGap
from durahub_migrate.lint.rules.hub.large_purge import LargePurge
from durahub_migrate.lint.rules.hub.leftover_rows import LeftoverRows
from durahub_migrate.lint.rules.hub.long_history import LongHistory
from durahub_migrate.lint.rules.hub.looks_like_blob import LooksLikeBlob
from durahub_migrate.lint.rules.hub.lost_message import LostMessage
from durahub_migrate.lint.rules.hub.missing_blob import MissingBlob
from durahub_migrate.lint.rules.hub.missing_parts import MissingParts
from durahub_migrate.lint.rules.hub.missing_sentinel import MissingSentinel
from durahub_migrate.lint.rules.hub.old_instances import OldInstances
from durahub_migrate.lint.rules.hub.orphaned_blob import OrphanedBlob
from durahub_migrate.lint.rules.hub.partition_count import PartitionCount
from durahub_migrate.lint.rules.hub.row_behind_history import RowBehindHistory
from durahub_migrate.lint.rules.hub.stale_lease import StaleLease
from durahub_migrate.lint.rules.hub.standstill import Standstill
from durahub_migrate.lint.rules.hub.stray_result import StrayResult
from durahub_migrate.lint.rules.hub.two_managers import TwoManagers
from durahub_migrate.lint.rules.hub.undecodable_row import UndecodableRow
from durahub_migrate.lint.rules.hub.uneven_partitions import UnevenPartitions
from durahub_migrate.lint.rules.hub.unsettled_work import UnsettledWork
from durahub_migrate.lint.rules.hub.wrong_queue import WrongQueue

RULES: tuple[Rule[Any], ...] = (
    MissingParts(),
    PartitionCount(),
    FrozenHubInUse(),
    AppLease(),
    HalfInstance(),
    MissingBlob(),
    LeftoverRows(),
    LongHistory(),
    OldInstances(),
    OrphanedBlob(),
    UndecodableRow(),
    LargePurge(),
    LooksLikeBlob(),
    UnevenPartitions(),
    MissingSentinel(),
    RowBehindHistory(),
    HistoryGap(),
    BrokenCheckpoint(),
    UnsettledWork(),
    LostMessage(),
    WrongQueue(),
    DoubledEventIds(),
    StrayResult(),
    StaleLease(),
    TwoManagers(),
    Growth(),
    Standstill(),
)
