"""The app in ``tests/sdk/js``: its packages from npm, its worker, its driver."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from durahub.errors import AzuriteFailed
from durahub.local.child import Child
from durahub.local.install import NPM_CI
from durahub.local.node import Node, find_node
from tests.conftest import WORKER_READY_WITHIN
from tests.sdk.foreign import Driver, installed, missing, must

JS = Path(__file__).parent / "js"
PACKAGES = ("package.json", "package-lock.json")


class JsApp:
    """What runs the app. Raises `pytest.skip` where there is no Node or no registry."""

    def __init__(self) -> None:
        node = self._node = _node()
        self.env = {
            "DURAHUB_JS_PACKAGES": str(
                installed("durabletask-js", (JS / name for name in PACKAGES), node_modules(node))
            )
        }

    def command(self, script: str, *arguments: str) -> list[str]:
        return [str(self._node.executable), str(JS / script), *arguments]

    @contextmanager
    def worker(
        self, endpoint: str, hub: str, *arguments: str, env: Mapping[str, str] | None = None
    ) -> Iterator[Child]:
        """Run a worker for the body, from when it is connected; *endpoint* is ``127.0.0.1:8080``."""
        command = self.command("worker.mjs", endpoint, hub, *arguments)
        child = Child(command, env={**self.env, **(env or {})})
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
        command = self.command("driver.mjs", endpoint, hub, *scenarios)
        child = Child(command, env={**self.env, **(env or {})})
        try:
            yield Driver(child)
        finally:
            child.kill()


def _node() -> Node:
    try:
        return find_node()
    except AzuriteFailed as error:
        missing(str(error))
        raise


def node_modules(node: Node) -> Callable[[Path], None]:
    """Return what installs the packages into a folder."""

    def install(place: Path) -> None:
        if node.npm is None:
            missing("npm is missing")
        for name in PACKAGES:
            (place / name).write_bytes((JS / name).read_bytes())
        must([node.executable, str(node.npm), *NPM_CI], place)

    return install
