"""Endpoints in a process of their own: they live on when who moves to them is killed.

``python -m tests.interrupted.served`` reads lines: ``own FILE HUB`` serves a hub in a file, ``foreign`` the
in-memory backend of the ``durabletask`` package, ``stop`` ends what is served. Each is answered with a line:
the URL, or ``stopped``.
"""

import asyncio
import contextlib
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from durahub_migrate.moving.place import EndpointAddress
from tests.endpoint.endpoints import foreign_endpoint
from tests.targets.ghost.plays import hub_in_a_file

ROOT = Path(__file__).parents[2]


class Served:
    """That process, as whoever asks it sees it. It knows nothing of gRPC, so it may fork."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.interrupted.served"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> "Served":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()

    def begin(self, kind: str, file: Path, hub: str) -> str:
        """Serve a hub, for endpoints of our own in *file*; return its address."""
        url = self._ask(f"own {file} {hub}" if kind == "own" else "foreign")
        return f"dts:{url}/{hub if kind == 'own' else 'default'}"

    def stop(self) -> None:
        """Serve it no longer."""
        self._ask("stop")

    def _ask(self, line: str) -> str:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{line}\n")
        process.stdin.flush()
        answer = process.stdout.readline().strip()
        assert answer, "it has ended"
        return answer


async def main() -> None:
    """Serve what is asked for."""
    async with contextlib.AsyncExitStack() as stack:
        while line := await asyncio.to_thread(sys.stdin.readline):
            match line.split():
                case ["own", file, hub]:
                    address: EndpointAddress = await stack.enter_async_context(
                        hub_in_a_file(Path(file), hub)
                    )
                    print(address.url, flush=True)
                case ["foreign"]:
                    address = await stack.enter_async_context(foreign_endpoint())
                    print(address.url, flush=True)
                case _:
                    await stack.aclose()
                    print("stopped", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
