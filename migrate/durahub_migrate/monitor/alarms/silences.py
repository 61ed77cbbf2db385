"""Silences: for a time nobody is told of what they cover."""

from dataclasses import dataclass

from durahub.model.ticks import Ticks
from durahub_migrate.monitor.alarms.judging import Finding
from durahub_migrate.monitor.alarms.rules import fits


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A silence. *hub* is the key of one, *rule* the name of a rule (a pattern), *instance_id* an instance's.

    What is ``None`` covers every one. *by* is who asked for it, *reason* why.
    """

    id: str
    until: Ticks
    hub: str
    rule: str | None = None
    instance_id: str | None = None
    by: str = ""
    reason: str | None = None

    def covers(self, finding: Finding, now: Ticks) -> bool:
        """Tell whether nobody is told of *finding* now."""
        return (
            now < self.until
            and self.hub == finding.hub
            and (self.rule is None or fits(finding.rule, (self.rule,)))
            and (self.instance_id is None or self.instance_id == finding.instance_id)
        )
