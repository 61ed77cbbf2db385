"""Workers of Python and JavaScript on one hub: each takes what it knows, and both come and go."""

import json
from collections.abc import Iterator

import pytest
from durabletask.entities import EntityInstanceId

from tests.sdk.js_app import JsApp
from tests.sdk.python_hub import PythonHub, completed, new_id, python_worker
from tests.sdk.travel_hub import until
from tests.sdk.two_stores import BOTH_STORES, new_hub, server_on

pytestmark = [pytest.mark.sdk, pytest.mark.js]

CITIES = ["Tokyo", "Lima"]
GREETINGS = ["Hello, Tokyo!", "Hello, Lima!"]


@pytest.fixture(scope="module")
def app() -> JsApp:
    return JsApp()


@pytest.fixture(scope="module", params=BOTH_STORES)
def hub(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PythonHub]:
    """A hub without workers."""
    name, state = new_hub("Two"), tmp_path_factory.mktemp("state")
    with server_on(request.param, request, state, name) as server:
        hub = PythonHub(server.ready.endpoint, name)
        with hub.client:
            yield hub


def address(hub: PythonHub) -> str:
    """The endpoint as the JavaScript SDK wants it, without a scheme."""
    return hub.endpoint.removeprefix("http://")


@pytest.mark.feature("workers of two languages on one hub", sdk="js")
@pytest.mark.feature("workers of two languages on one hub", sdk="python")
@pytest.mark.feature("work-item filters", sdk="js")
@pytest.mark.feature("work-item filters", sdk="python")
def test_each_worker_serves_what_it_knows(hub: PythonHub, app: JsApp) -> None:
    with (
        app.worker(address(hub), hub.name, "--filtered"),
        python_worker(hub.endpoint, hub.name, "--filtered"),
    ):
        started = [
            (hub.start("jsGreetAll", CITIES), hub.start("py_greet_all", CITIES)) for _ in range(10)
        ]

        for in_js, in_python in started:
            assert completed(hub.ended(in_js)) == GREETINGS
            assert completed(hub.ended(in_python)) == GREETINGS


@pytest.mark.feature("workers killed and started again", sdk="js")
@pytest.mark.feature("workers killed and started again", sdk="python")
def test_workers_that_are_killed_lose_nothing(hub: PythonHub, app: JsApp) -> None:
    def start(number: int) -> tuple[str, str]:
        return hub.start("jsCountTo", {"now": 1, "end": 5}), hub.start("py_squares", number + 1)

    started = []
    for _ in range(2):
        with (
            app.worker(address(hub), hub.name, "--filtered"),
            python_worker(hub.endpoint, hub.name, "--filtered"),
        ):
            started += [start(number) for number in range(10)]
            hub.ended(started[-1][1])  # and both are killed with work in hand

    with (
        app.worker(address(hub), hub.name, "--filtered"),
        python_worker(hub.endpoint, hub.name, "--filtered"),
    ):
        for number, (in_js, in_python) in enumerate(started):
            assert completed(hub.ended(in_js)) == 5
            assert completed(hub.ended(in_python)) == sum(n * n for n in range(number % 10 + 1))


@pytest.mark.feature("entities: signals", sdk="js")
def test_a_python_client_signals_an_entity_of_javascript(hub: PythonHub, app: JsApp) -> None:
    entity = EntityInstanceId("jscounter", new_id())
    with (
        app.worker(address(hub), hub.name, "--filtered"),
        python_worker(hub.endpoint, hub.name, "--filtered"),
    ):
        hub.client.signal_entity(entity, "add", 3)

        found = until(lambda: hub.client.get_entity(entity))
        assert json.loads(found.get_state(str) or "null") == {"value": 3}


@pytest.mark.feature("versions", sdk="js")
@pytest.mark.feature("work-item filters", sdk="js")
def test_a_filter_by_version_takes_the_activities_of_that_version(
    hub: PythonHub, app: JsApp
) -> None:
    with app.worker(address(hub), hub.name, "--filter-versions", "jsGreetAll=3.0.0"):
        other = hub.start("jsGreetAll", CITIES, version="2.0.0")

        assert hub.output("jsGreetAll", CITIES, version="3.0.0") == GREETINGS
        assert hub.state(other).runtime_status.name == "PENDING"
