"""The app in ``tests/sdk/java``: built by Maven, its worker, its driver."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from durahub.local.child import Child
from tests.conftest import WORKER_READY_WITHIN
from tests.sdk.foreign import Driver, installed, must

JAVA = Path(__file__).parent / "java"
POM = JAVA / "pom.xml"
SOURCES = JAVA / "src"
QUICK = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")  # for a program of a few seconds


class JavaApp:
    """What runs the app. Raises `pytest.skip` where there is no JDK, no Maven or no registry."""

    def __init__(self) -> None:
        target = installed("durabletask-java", [POM, *SOURCES.rglob("*.java")], build) / "target"
        self._path = os.pathsep.join((str(target / "classes"), str(target / "dependency" / "*")))

    def command(self, program: str, *arguments: str) -> list[str]:
        return ["java", *QUICK, "-cp", self._path, f"durahub.{program}", *arguments]

    @contextmanager
    def worker(
        self, endpoint: str, *hub: str, env: Mapping[str, str] | None = None
    ) -> Iterator[Child]:
        """Run a worker for the body, from when it has begun; *endpoint* is ``127.0.0.1:8080``."""
        child = Child(self.command("Worker", endpoint, *hub), env=env)
        try:
            ready = child.wait_for(lambda line: "worker ready" in line or None, WORKER_READY_WITHIN)
            assert ready, child.tail()
            yield child
        finally:
            child.kill()
            print(child.output())

    @contextmanager
    def driver(
        self,
        endpoint: str,
        hub: str,
        scenarios: Sequence[str],
        env: Mapping[str, str] | None = None,
    ) -> Iterator[Driver]:
        """Run *scenarios* during the body."""
        child = Child(self.command("Driver", endpoint, hub, *scenarios), env=env)
        try:
            yield Driver(child)
        finally:
            child.kill()


def build(place: Path) -> None:
    """Compile the app in *place*, without a network if Maven has had all of it before."""
    (place / "pom.xml").write_bytes(POM.read_bytes())
    for source in SOURCES.rglob("*.java"):
        copy = place / source.relative_to(JAVA)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(source.read_bytes())
    must(["mvn", "--batch-mode", "--quiet", "process-classes"], place)
