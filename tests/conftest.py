"""Fixtures for tests against real parts: storage, servers and workers, each in a process of its own.

Storage is one Azurite for the whole run, unless the environment says otherwise:

- ``DURAHUB_TEST_STORAGE``: a connection string to use instead;
- ``DURAHUB_TEST_DOCKER=1``: Azurite's image in Docker; skipped where no engine answers. Also taken
  when there is no Node but a Docker engine.

What servers and workers wrote is shown when a test fails.
"""

import logging
import os
import secrets
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from durahub.cli.log import OWN, QUIET
from durahub.cli.running import STATE_VARIABLE
from durahub.errors import AzuriteFailed
from durahub.local.azurite import connection_string, running_azurite
from durahub.local.child import Child
from durahub.local.install import azurite_package
from durahub.local.node import find_node
from durahub.local.server import ServerProcess
from tests.compatibility.plugin import FeatureRecorder

IMAGE = "mcr.microsoft.com/azure-storage/azurite"
CONTAINER_PORTS = {"blob": 10000, "queue": 10001, "table": 10002}
WORKER_READY_WITHIN = 60.0  # seconds
STORE = "DURAHUB_TEST_CONNECTION"  # the variable that tells a server the connection string

SET_UP = (None, *OWN, *QUIET)
"""The loggers that a command sets up; ``None`` is the root."""

settings.register_profile("durahub", deadline=None)  # machines are slow at times: nothing is timed
settings.register_profile("repeatable", deadline=None, derandomize=True)  # what CI asks for
settings.load_profile("durahub")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--record-features",
        action="store_true",
        help="keep what the tests have shown in docs/compatibility.json",
    )


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return in how many processes tests run: what ``-n auto`` means here.

    A whole suite takes one more than there are cores, for many tests wait; what was named runs in this
    process. Tests of a file stay together: they share what they have set up.
    """
    if config.args != config.getini("testpaths") or config.getoption("record_features"):
        return 0
    config.option.dist = "loadfile"
    return (os.cpu_count() or 1) + 1


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(FeatureRecorder(config))
    state = tempfile.TemporaryDirectory(prefix="durahub-tests-")
    config.add_cleanup(state.cleanup)
    os.environ[STATE_VARIABLE] = state.name  # a server of the user's own is not for tests


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Put logging back as it was: a command that runs in this process sets it up for the whole process."""
    loggers = [logging.getLogger(name) for name in SET_UP]
    before = [(one, one.handlers, one.level) for one in loggers]
    yield
    for one, handlers, level in before:
        one.handlers = handlers
        one.setLevel(level)


@dataclass(frozen=True)
class Storage:
    """A storage account to test with."""

    connection_string: str

    @property
    def blob_url(self) -> str:
        return self._endpoint("Blob")

    @property
    def queue_url(self) -> str:
        return self._endpoint("Queue")

    @property
    def table_url(self) -> str:
        return self._endpoint("Table")

    def _endpoint(self, service: str) -> str:
        parts = dict(
            part.split("=", 1) for part in self.connection_string.split(";") if "=" in part
        )
        suffix = parts.get("EndpointSuffix", "core.windows.net")
        default = f"https://{parts['AccountName']}.{service.lower()}.{suffix}"
        return parts.get(f"{service}Endpoint", default)


@pytest.fixture(scope="session")
def azurite() -> Iterator[Storage]:
    """The storage account of this test run."""
    if named := os.environ.get("DURAHUB_TEST_STORAGE"):
        yield Storage(named)
    elif os.environ.get("DURAHUB_TEST_DOCKER") == "1":
        if not _docker_answers():
            pytest.skip("DURAHUB_TEST_DOCKER=1, but no Docker engine answers")
        with _container() as storage:
            yield storage
    elif not _has_node() and _docker_answers():
        with _container() as storage:
            yield storage
    else:
        with running_azurite() as running:
            yield Storage(running.connection_string)


@pytest.fixture
def hub_name() -> str:
    """A name that no other test's hub has; the capital shows where a name is lower-cased."""
    return f"Test{secrets.token_hex(6)}"


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[Callable[..., ServerProcess]]:
    """Start ``durahub up`` with the arguments given; ``env=`` adds to its environment."""
    servers: list[ServerProcess] = []
    state = {"DURAHUB_STATE_DIR": str(tmp_path)}  # not where the user's own server is found

    def start(*arguments: str, env: dict[str, str] | None = None) -> ServerProcess:
        server = ServerProcess(arguments, {**state, **(env or {})})
        servers.append(server)
        server.start()
        return server

    yield start
    for server in servers:
        server.stop()
        _show("durahub up", server.output())


@pytest.fixture
def server(
    azurite: Storage, hub_name: str, start_server: Callable[..., ServerProcess]
) -> ServerProcess:
    """A running server of the hub *hub_name* on *azurite*; see `ServerProcess` for what it can do."""
    return start_server(
        *("--store", f"env:{STORE}", "--hub", hub_name), env={STORE: azurite.connection_string}
    )


@pytest.fixture
def start_worker() -> Iterator[Callable[..., Child]]:
    """Run a Python script as a worker, with arguments; returns when it has written ``worker ready``."""
    workers: list[Child] = []

    def start(script: Path, *arguments: str, env: dict[str, str] | None = None) -> Child:
        unbuffered = {"PYTHONUNBUFFERED": "1", **(env or {})}
        worker = Child([sys.executable, script, *arguments], env=unbuffered)
        workers.append(worker)
        if not worker.wait_for(lambda line: "worker ready" in line or None, WORKER_READY_WITHIN):
            pytest.fail(f"{script.name} did not become ready:\n{worker.tail()}")
        return worker

    yield start
    for worker in workers:
        worker.kill()
        _show("worker", worker.output())


@contextmanager
def _container() -> Iterator[Storage]:
    """Run Azurite's image for the body."""
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.waiting_utils import wait_for_logs

    hosts = " ".join(f"--{service}Host 0.0.0.0" for service in CONTAINER_PORTS)
    container = DockerContainer(f"{IMAGE}:{azurite_package().version}")
    container.with_exposed_ports(*CONTAINER_PORTS.values())
    container.with_command(f"azurite --silent --skipApiVersionCheck --inMemoryPersistence {hosts}")
    with container:
        wait_for_logs(container, "Table service is successfully listening", timeout=60)
        host = container.get_container_host_ip()
        urls = {
            f"{service}_url": f"http://{host}:{container.get_exposed_port(port)}/devstoreaccount1"
            for service, port in CONTAINER_PORTS.items()
        }
        yield Storage(connection_string(**urls))


def _docker_answers() -> bool:
    """Tell whether a Docker engine can be reached, without waiting long for one."""
    import docker
    from docker.errors import DockerException

    try:
        docker.from_env(timeout=5).ping()
    except DockerException:
        return False
    return True


def _has_node() -> bool:
    try:
        find_node()
    except AzuriteFailed:
        return False
    return True


def _show(name: str, output: str) -> None:
    """Write *output*: pytest keeps it, and prints it with a failure."""
    print(f"---- output of {name} ----\n{output}")
