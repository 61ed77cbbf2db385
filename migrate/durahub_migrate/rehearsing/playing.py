"""The player's process, from outside: started, asked, ended when it takes too long, and started again."""

import asyncio
import base64
import contextlib
import json
import os
import struct
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.errors import BadRequest
from durahub.within import within
from durahub_migrate.rehearsing.judging import Played

PROGRAM = Path(__file__).with_name("player.py")
LOADS_WITHIN = 60.0  # seconds
TAIL = 2_000  # bytes of what the app has printed last


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """A user's app: ``file.py``, ``MODULE`` or ``MODULE:FUNCTION``; *python* is its interpreter."""

    name: str
    arguments: Sequence[str] = ()
    python: str = sys.executable
    seconds: float = 30.0  # for one replay


class TooSlow(Exception):
    """A replay has not come to its end in time."""


class Gone(Exception):
    """The process has ended in the middle of a replay."""


@dataclass(slots=True)
class Player:
    """Replays histories with *app*. Use `playing`."""

    app: App
    sdk: str = ""
    orchestrators: frozenset[str] = frozenset()
    _process: asyncio.subprocess.Process | None = None
    _said: BinaryIO | None = field(default=None, repr=False)

    async def start(self) -> None:
        """Load the app. Raises `BadRequest` where that cannot be done."""
        app = self.app
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 (`stop` closes it)
        command = [app.python, str(PROGRAM), app.name, *app.arguments]
        try:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=self._said,
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            )
        except OSError as error:
            raise BadRequest(f"{app.python} cannot be run: {error.strerror}") from None
        try:
            found = await within(LOADS_WITHIN, self._read())
        except asyncio.TimeoutError:
            raise BadRequest(
                f"{app.name} has not started its worker within {LOADS_WITHIN:.0f} s; let --app name a "
                "function that registers the orchestrators instead"
            ) from None
        except Gone:
            raise BadRequest(f"{app.name} cannot be loaded:\n{self._tail()}") from None
        if "error" in found:
            raise BadRequest(f"{found['error']}\n{self._tail()}".rstrip())
        self.sdk, self.orchestrators = found["sdk"], frozenset(found["orchestrators"])

    async def play(self, request: pb.OrchestratorRequest) -> Played:
        """Return what came of a replay. Raises `TooSlow`, `Gone`; then the app is loaded anew."""
        assert self._process is not None  # noqa: S101 (for the types)
        assert self._process.stdin is not None  # noqa: S101 (for the types)
        content = request.SerializeToString()
        try:
            self._process.stdin.write(struct.pack(">I", len(content)) + content)
            await self._process.stdin.drain()
            return _played(await within(self.app.seconds, self._read()))
        except asyncio.TimeoutError:
            await self._again()
            raise TooSlow from None
        except (Gone, ConnectionError):
            await self._again()
            raise Gone from None

    async def _again(self) -> None:
        await self.stop()
        await self.start()

    async def _read(self) -> dict[str, Any]:
        assert self._process is not None  # noqa: S101 (for the types)
        assert self._process.stdout is not None  # noqa: S101 (for the types)
        try:
            (length,) = struct.unpack(">I", await self._process.stdout.readexactly(4))
            content = await self._process.stdout.readexactly(length)
        except asyncio.IncompleteReadError:
            raise Gone from None
        found: dict[str, Any] = json.loads(content)
        return found

    def _tail(self) -> str:
        assert self._said is not None  # noqa: S101 (for the types)
        end = self._said.seek(0, os.SEEK_END)
        self._said.seek(max(0, end - TAIL))
        return self._said.read().decode("utf-8", "replace").strip()

    async def stop(self) -> None:
        """End the process; doing it twice is fine."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
            self._process = None
        if self._said is not None:
            self._said.close()
            self._said = None


@contextlib.asynccontextmanager
async def playing(app: App) -> AsyncIterator[Player]:
    """Have a player for the body. Raises `BadRequest` where the app cannot be loaded."""
    player = Player(app)
    try:
        await player.start()
        yield player
    finally:
        await player.stop()


def _played(found: dict[str, Any]) -> Played:
    return Played(
        answer=_response(found.get("answer")),
        asked_at={int(number): at for number, at in found.get("asked_at", {}).items()},
        ended_at=found.get("ended_at"),
        raised=found.get("raised", ""),
        kind=found.get("kind", ""),
        is_mismatch=found.get("is_mismatch", False),
        is_refused=found.get("is_refused", False),
        at=found.get("at"),
        found=_response(found["found"]) if "found" in found else None,
    )


def _response(text: str | None) -> pb.OrchestratorResponse:
    return pb.OrchestratorResponse.FromString(base64.b64decode(text or ""))
