"""Rules about what replays on another SDK or store."""

from typing import Any

from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.rules.rpl.broken_history import BrokenHistory
from durahub_migrate.lint.rules.rpl.checked_target import CheckedTarget
from durahub_migrate.lint.rules.rpl.child_of_execution import ChildOfExecution
from durahub_migrate.lint.rules.rpl.derived_from_clock import DerivedFromClock
from durahub_migrate.lint.rules.rpl.dotnet_types import DotnetTypes
from durahub_migrate.lint.rules.rpl.events_at_the_cut import EventsAtTheCut
from durahub_migrate.lint.rules.rpl.finer_clock import FinerClock
from durahub_migrate.lint.rules.rpl.numbering_base import NumberingBase
from durahub_migrate.lint.rules.rpl.old_python import OldPython
from durahub_migrate.lint.rules.rpl.rewound_history import RewoundHistory
from durahub_migrate.lint.rules.rpl.timer_chunks import TimerChunks
from durahub_migrate.lint.rules.rpl.unregistered_name import UnregisteredName
from durahub_migrate.lint.rules.rpl.untyped_failure import UntypedFailure

RULES: tuple[Rule[Any], ...] = (
    NumberingBase(),
    DerivedFromClock(),
    TimerChunks(),
    DotnetTypes(),
    UnregisteredName(),
    EventsAtTheCut(),
    ChildOfExecution(),
    CheckedTarget(),
    RewoundHistory(),
    OldPython(),
    BrokenHistory(),
    UntypedFailure(),
    FinerClock(),
)
