"""What the application is made of beside the monitor itself: each part may be missing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from durahub.dispatch.clock import system_clock
from durahub_migrate.acting.audit import Audit, NoAudit
from durahub_migrate.alerting.metrics import MonitorMetrics
from durahub_migrate.monitor.telling.redaction import Redact
from durahub_migrate.watching.views_file import ViewsFile
from durahub_migrate.web.handlers.alerts import AlertView, Silencing
from durahub_migrate.web.handlers.audit import ReadsAudit
from durahub_migrate.web.handlers.jobs import Jobs
from durahub_migrate.web.who.oidc import Oidc


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Parts that are handed in.

    *audit* is told of every action, *log* is where that can be read. *jobs* runs jobs; *archives* is the
    folder in which users elsewhere may have archives written. *redact* is done to every payload that leaves.
    *oidc* is the identity provider at which people log in. *alerts* returns what fires, *silencing* keeps
    silences. *metrics* are served at ``/metrics``.
    """

    audit: Audit = field(default_factory=NoAudit)
    log: ReadsAudit | None = None
    jobs: Jobs | None = None
    archives: Path | None = None
    views: ViewsFile = field(default_factory=lambda: ViewsFile(None, system_clock))
    alerts: Callable[[], Sequence[AlertView]] = tuple
    silencing: Silencing | None = None
    metrics: MonitorMetrics | None = None
    redact: Redact | None = None
    oidc: Oidc | None = None
