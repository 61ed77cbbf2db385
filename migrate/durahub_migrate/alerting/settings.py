"""What the table ``[monitor.alerts]`` says. Read by `durahub_migrate.alerting.reading`."""

from dataclasses import dataclass, field
from enum import Enum

from durahub_migrate.monitor.alarms.rules import DEFAULT_RULES, Rule


class Form(Enum):
    """What is posted."""

    JSON = "json"  # everything, for programs
    TEXT = "text"  # {"text": …}, as chat services take it


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Who is told. *url* and *key* are secrets; with a key each notice is signed."""

    name: str
    url: str = field(repr=False)
    key: str | None = field(default=None, repr=False)
    form: Form = Form.JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """All settings. *every* is the pause in seconds between two looks at hubs.

    *within* is how long (seconds) a receiver may take to answer, *keep* for how long a notice that it does
    not take is sent again.
    """

    receivers: tuple[Receiver, ...] = ()
    rules: tuple[Rule, ...] = DEFAULT_RULES
    every: float = 60.0
    most_a_minute: int = 10
    within: float = 10.0
    keep: float = 86_400.0
