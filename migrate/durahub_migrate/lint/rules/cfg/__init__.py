"""Rules about host.json, app settings, packages."""

from typing import Any

from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.rules.cfg.classic_settings import ClassicSettings
from durahub_migrate.lint.rules.cfg.concurrency import Concurrency
from durahub_migrate.lint.rules.cfg.dotnet_packages import DotnetPackages
from durahub_migrate.lint.rules.cfg.emulator_connection import EmulatorConnection
from durahub_migrate.lint.rules.cfg.extended_sessions import ExtendedSessions
from durahub_migrate.lint.rules.cfg.extension_bundle import ExtensionBundle
from durahub_migrate.lint.rules.cfg.in_process import InProcess
from durahub_migrate.lint.rules.cfg.literal_hub_name import LiteralHubName
from durahub_migrate.lint.rules.cfg.misplaced_section import MisplacedSection
from durahub_migrate.lint.rules.cfg.misspelled_setting import MisspelledSetting
from durahub_migrate.lint.rules.cfg.netherite import Netherite
from durahub_migrate.lint.rules.cfg.other_partition_count import OtherPartitionCount
from durahub_migrate.lint.rules.cfg.overridable_states import OverridableStates
from durahub_migrate.lint.rules.cfg.partition_range import PartitionRange
from durahub_migrate.lint.rules.cfg.payload_keys import PayloadKeys
from durahub_migrate.lint.rules.cfg.payload_threshold import PayloadThreshold
from durahub_migrate.lint.rules.cfg.queue_encoding import QueueEncoding
from durahub_migrate.lint.rules.cfg.refused_hub_name import RefusedHubName
from durahub_migrate.lint.rules.cfg.repeated_setting import RepeatedSetting
from durahub_migrate.lint.rules.cfg.scale_monitoring import ScaleMonitoring
from durahub_migrate.lint.rules.cfg.scheduler_connection_missing import SchedulerConnectionMissing
from durahub_migrate.lint.rules.cfg.tracking_store import TrackingStore
from durahub_migrate.lint.rules.cfg.unguarded_hub import UnguardedHub
from durahub_migrate.lint.rules.cfg.unknown_provider import UnknownProvider
from durahub_migrate.lint.rules.cfg.unreadable_file import UnreadableFile
from durahub_migrate.lint.rules.cfg.unset_names import UnsetNames
from durahub_migrate.lint.rules.cfg.versions_failed import VersionsFailed
from durahub_migrate.lint.rules.cfg.versions_rejected import VersionsRejected

RULES: tuple[Rule[Any], ...] = (
    UnknownProvider(),
    SchedulerConnectionMissing(),
    EmulatorConnection(),
    ClassicSettings(),
    ExtendedSessions(),
    ExtensionBundle(),
    DotnetPackages(),
    LiteralHubName(),
    VersionsRejected(),
    VersionsFailed(),
    Concurrency(),
    PayloadKeys(),
    PayloadThreshold(),
    InProcess(),
    UnguardedHub(),
    TrackingStore(),
    QueueEncoding(),
    OverridableStates(),
    ScaleMonitoring(),
    UnsetNames(),
    OtherPartitionCount(),
    Netherite(),
    UnreadableFile(),
    RepeatedSetting(),
    MisspelledSetting(),
    MisplacedSection(),
    PartitionRange(),
    RefusedHubName(),
)
