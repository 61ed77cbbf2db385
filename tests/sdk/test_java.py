"""The Java SDK of Maven Central, client and worker, against a server on each store.

Its released client knows no task hubs: the worker names none, and so has the server's first one; the
client names it in a header of its own. The driver runs the scenarios, several at a time.
"""

from collections.abc import Iterator

import pytest

from tests.sdk.foreign import Driver, names_of, selected
from tests.sdk.java_app import JavaApp
from tests.sdk.scenarios import JAVA, of
from tests.sdk.two_stores import BOTH_STORES, new_hub, server_on

pytestmark = [pytest.mark.sdk, pytest.mark.java]


@pytest.fixture(scope="module")
def app() -> JavaApp:
    return JavaApp()


@pytest.fixture(scope="module", params=BOTH_STORES)
def driver(
    request: pytest.FixtureRequest, app: JavaApp, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Driver]:
    """A driver that runs the scenarios of the tests that were selected."""
    hub = new_hub("Java")
    with server_on(request.param, request, tmp_path_factory.mktemp("state"), hub) as server:
        endpoint = f"127.0.0.1:{server.ready.grpc_port}"
        scenarios = selected(request)
        with app.worker(endpoint), app.driver(endpoint, hub, scenarios) as running:
            yield running


@pytest.mark.parametrize("scenario", of("java", JAVA))
def test_a_scenario_ends_as_it_should(scenario: str, driver: Driver) -> None:
    verdict = driver.verdict(scenario)

    assert verdict.error is None, verdict.error


def test_every_scenario_of_the_app_is_a_test(app: JavaApp) -> None:
    assert names_of(app.command("Driver")) == set(JAVA)
