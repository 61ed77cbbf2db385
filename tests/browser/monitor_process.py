"""``durahub monitor`` as a process that a test can end and start again, at the same address."""

import contextlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import httpx

from durahub.local.child import Child

COMMAND = (sys.executable, "-c", "from durahub_migrate.cli.monitor import monitor; monitor()")
WITHIN = 120.0  # seconds


class MonitorProcess:
    """A monitor of *sources*; its *url* stays when it is started again."""

    def __init__(self, sources: Sequence[str], env: Mapping[str, str], data: Path) -> None:
        self._sources = sources
        self._env = env
        self._data = data
        self._port = 0
        self._child: Child | None = None
        self.url = ""

    def start(self, *options: str) -> None:
        """Start it and wait until it serves; *options* come on top."""
        own = ("--port", str(self._port), "--data", str(self._data), "--budget", "200")
        child = self._child = Child(
            [*COMMAND, *self._sources, *own, "--format", "json", *options], env=dict(self._env)
        )
        url = child.wait_for(_url, WITHIN)
        assert url is not None, child.output()
        self.url, self._port = url, httpx.URL(url).port or 0

    def kill(self) -> None:
        """End it, as a crash would."""
        if self._child is not None:
            self._child.kill()

    def look(self, *names: str) -> dict[str, str]:
        """Return when hubs of these names were swept as a whole: their keys."""
        with httpx.Client(base_url=self.url, timeout=WITHIN) as http:
            headers = {"X-Durahub-Csrf": http.get("api/session").json()["csrf"]}
            while True:
                hubs = {one["ref"]["name"]: one for one in http.get("api/hubs").json()}
                waiting = [hubs[one] for one in names if one in hubs]
                waiting = [one for one in waiting if one["freshness"]["complete"] is None]
                if not waiting and {*names} <= {*hubs}:
                    return {one: hubs[one]["ref"]["key"] for one in names}
                for one in waiting:
                    http.post(f"api/hubs/{one['ref']['key']}/refresh", headers=headers, json={})


@contextlib.contextmanager
def monitor_of(
    sources: Sequence[str], env: Mapping[str, str], data: Path, *options: str
) -> Iterator[MonitorProcess]:
    """Run one for the body."""
    monitor = MonitorProcess(sources, env, data)
    try:
        monitor.start(*options)
        yield monitor
    finally:
        monitor.kill()


def _url(line: str) -> str | None:
    return str(json.loads(line)["url"]) if line.startswith("{") else None
