"""The whole road of a move by the commands that users have: export, plan, apply, verify, cut over."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from durahub_migrate.cli.apply import apply
from durahub_migrate.cli.export import export
from durahub_migrate.cli.job import job_commands
from durahub_migrate.cli.plan import plan
from durahub_migrate.cli.verify import verify
from tests.conftest import STORE, Storage
from tests.golden.loading import load
from tests.golden.recorded import RecordedHub

QUICK = frozenset(
    {"crash-outbox", "crash-history", "crash-instance"}
)  # hubs that every run of tests moves
TRACKED = "Track"  # what the tables of a loaded hub in a tracking store are named with, too


@dataclass(frozen=True)
class Exported:
    """A recorded hub that was loaded as *name* and exported from there."""

    hub: RecordedHub
    name: str
    bundle: Path


def exported(
    hub: RecordedHub, storage: Storage, name: str, folder: Path, *, hidden: int = 0
) -> Exported:
    """Load *hub* into the account under *name*, and export it. *hidden*: as `load` takes it."""
    asyncio.run(load(hub, storage.connection_string, name, hidden=hidden))
    tracking = ("--tracking-prefix", name + TRACKED) if hub.names.tracking_prefix else ()
    bundle = folder / f"{hub.name}.hub"
    call(export, f"env:{STORE}/{name}", bundle, *tracking, env=in_account(storage))
    return Exported(hub, name, bundle)


def in_account(storage: Storage) -> dict[str, str]:
    """Return the environment that names the account."""
    return {STORE: storage.connection_string}


@dataclass(frozen=True)
class Move:
    """The move of *source* to *target*, an address. *told* is what the last command said."""

    source: Exported
    target: str
    folder: Path
    env: Mapping[str, str]

    @property
    def plan(self) -> Path:
        return self.folder / f"{self.source.hub.name}.plan"

    def planned(self, *options: str) -> None:
        """Plan it. Nobody has frozen the source: its app is not there."""
        self._call(
            plan, self.source.bundle, self.target, "-o", self.plan, "--allow-unfrozen", *options
        )

    def applied(self, *options: str) -> None:
        """Apply the plan."""
        self._call(apply, self.plan, "--quiet", *options)

    def verified(self) -> dict[str, Any]:
        """Compare the target with the bundle, which must find nothing; return what it says."""
        file = self.folder / "verify.json"
        self._call(verify, self.source.bundle, self.target, "--plan", self.plan, "--output", file)
        found: dict[str, Any] = json.loads(file.read_bytes())
        return found

    def cut_over(self) -> None:
        """Hand the target over to its app."""
        self._call(job_commands, "cut-over", self.plan)

    def _call(self, command: Any, *arguments: object) -> None:
        call(command, *arguments, env=self.env)


def call(command: Any, *arguments: object, env: Mapping[str, str]) -> Result:
    """Run a command, which must succeed."""
    result = CliRunner(env=dict(env)).invoke(command, [str(one) for one in arguments])
    error = result.exception if not isinstance(result.exception, SystemExit) else None
    assert result.exit_code == 0, f"{command.name}: {error!r}\n{result.output}"
    return result
