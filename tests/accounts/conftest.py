"""Accounts that tests of credentials need: by HTTPS with tokens, and a second one."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from durabletask.azuremanaged.client import DurableTaskSchedulerClient
from durabletask.client import OrchestrationStatus

from durahub.local.azurite import running_azurite
from durahub.local.child import Child
from durahub.local.server import ServerProcess
from tests.accounts.certificates import Certificate, make_certificate
from tests.accounts.emulators import SecureAzurite, secure_azurite
from tests.accounts.token_issuer import TokenIssuer
from tests.conftest import Storage

APP = Path(__file__).parents[1] / "sdk" / "apps" / "travel.py"
RunApp = Callable[[ServerProcess, str], None]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="session")
def secure(certificate: Certificate) -> Iterator[SecureAzurite]:
    """An Azurite that speaks HTTPS alone and takes tokens."""
    with secure_azurite(certificate) as running:
        yield running


@pytest.fixture(scope="session")
def second() -> Iterator[Storage]:
    """Another account than the one that all tests share."""
    with running_azurite() as running:
        yield Storage(running.connection_string)


@pytest.fixture
def issuer() -> Iterator[TokenIssuer]:
    made = TokenIssuer()
    yield made
    made.close()


@pytest.fixture
def run_app(start_worker: Callable[..., Child]) -> RunApp:
    """Run an orchestration with activities, and one with a large output, to their ends."""

    def run(server: ServerProcess, hub: str) -> None:
        start_worker(APP, server.ready.endpoint, hub)
        with DurableTaskSchedulerClient(
            host_address=server.ready.endpoint,
            taskhub=hub,
            token_credential=None,
            secure_channel=False,
        ) as client:
            started = [
                client.schedule_new_orchestration("FiveCities"),
                client.schedule_new_orchestration("Echo", input="x" * 200_000),
            ]
            for instance in started:
                state = client.wait_for_orchestration_completion(instance, timeout=60)
                assert state is not None
                assert state.runtime_status is OrchestrationStatus.COMPLETED

    return run
