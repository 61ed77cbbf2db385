"""Rules about queues, timers and messages on their way."""

from typing import Any

from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.rules.que.activities_at_freeze import ActivitiesAtFreeze
from durahub_migrate.lint.rules.que.overdue import Overdue
from durahub_migrate.lint.rules.que.poison import Poison
from durahub_migrate.lint.rules.que.stale_message import StaleMessage
from durahub_migrate.lint.rules.que.timer_burst import TimerBurst
from durahub_migrate.lint.rules.que.unawaited_event import UnawaitedEvent
from durahub_migrate.lint.rules.que.undecodable_message import UndecodableMessage
from durahub_migrate.lint.rules.que.undelivered import Undelivered
from durahub_migrate.lint.rules.que.unexplained import Unexplained
from durahub_migrate.lint.rules.que.unknown_target import UnknownTarget
from durahub_migrate.lint.rules.que.untaken import Untaken

RULES: tuple[Rule[Any], ...] = (
    Undelivered(),
    Poison(),
    Unexplained(),
    UnknownTarget(),
    StaleMessage(),
    ActivitiesAtFreeze(),
    Overdue(),
    UndecodableMessage(),
    UnawaitedEvent(),
    TimerBurst(),
    Untaken(),
)
