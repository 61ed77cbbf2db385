"""The JavaScript SDK of npm, client and worker, against a server on each store.

The driver runs the scenarios, several at a time; each test waits for one of them.
"""

from collections.abc import Iterator

import pytest

from tests.sdk.foreign import Driver, names_of, selected
from tests.sdk.js_app import JsApp
from tests.sdk.scenarios import JS, of
from tests.sdk.two_stores import BOTH_STORES, new_hub, server_on

pytestmark = [pytest.mark.sdk, pytest.mark.js]


@pytest.fixture(scope="module")
def app() -> JsApp:
    return JsApp()


@pytest.fixture(scope="module", params=BOTH_STORES)
def driver(
    request: pytest.FixtureRequest, app: JsApp, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Driver]:
    """A driver that runs the scenarios of the tests that were selected."""
    hub = new_hub("Js")
    with server_on(request.param, request, tmp_path_factory.mktemp("state"), hub) as server:
        endpoint = f"127.0.0.1:{server.ready.grpc_port}"
        scenarios = selected(request)
        with app.worker(endpoint, hub), app.driver(endpoint, hub, scenarios) as running:
            yield running


@pytest.mark.parametrize("scenario", of("js", JS))
def test_a_scenario_ends_as_it_should(scenario: str, driver: Driver) -> None:
    verdict = driver.verdict(scenario)

    assert verdict.error is None, verdict.error


def test_every_scenario_of_the_app_is_a_test(app: JsApp) -> None:
    assert names_of(app.command("driver.mjs"), app.env) == set(JS)
