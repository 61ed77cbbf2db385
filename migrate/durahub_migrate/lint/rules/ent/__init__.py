"""Rules about entities."""

from typing import Any

from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.rules.ent.empty_entity import EmptyEntity
from durahub_migrate.lint.rules.ent.held_lock import HeldLock
from durahub_migrate.lint.rules.ent.leaked_lock import LeakedLock
from durahub_migrate.lint.rules.ent.mixed_state import MixedState
from durahub_migrate.lint.rules.ent.queued_operations import QueuedOperations
from durahub_migrate.lint.rules.ent.sorter_state import SorterState
from durahub_migrate.lint.rules.ent.state_not_json import StateNotJson
from durahub_migrate.lint.rules.ent.unreadable_entity import UnreadableEntity

RULES: tuple[Rule[Any], ...] = (
    LeakedLock(),
    HeldLock(),
    QueuedOperations(),
    SorterState(),
    MixedState(),
    EmptyEntity(),
    StateNotJson(),
    UnreadableEntity(),
)
