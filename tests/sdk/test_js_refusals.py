"""The JavaScript SDK over TLS, and what it makes of a server that refuses it."""

from collections.abc import Iterator

import pytest

from durahub.local.child import Child
from tests.sdk.guarded_server import HUB, TOKENS, Guarded, guarded_server
from tests.sdk.js_app import JsApp

pytestmark = [pytest.mark.sdk, pytest.mark.js]


@pytest.fixture(scope="module")
def app() -> JsApp:
    return JsApp()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with guarded_server(tmp_path_factory.mktemp("guarded")) as server:
        yield server


@pytest.mark.parametrize(
    ("token", "code"),
    [("nobody's", "UNAUTHENTICATED: DH321"), (TOKENS["reader"], "PERMISSION_DENIED: DH322")],
)
def test_a_client_that_may_not_is_told_why(
    token: str, code: str, app: JsApp, server: Guarded
) -> None:
    env = server.shown(token, by_grpc=True)
    with app.driver(server.endpoint, HUB, ["chain"], env) as driver:
        assert code in str(driver.verdict("chain").error)


def test_a_worker_with_a_wrong_token_says_why(app: JsApp, server: Guarded) -> None:
    command = app.command("worker.mjs", server.endpoint, HUB)
    child = Child(command, env={**app.env, **server.shown("nobody's")})
    try:
        assert child.wait_for(lambda line: "UNAUTHENTICATED: DH321" in line or None, 90)
    finally:
        child.kill()


def test_a_worker_that_was_refused_takes_the_place_of_one_that_goes(
    app: JsApp, server: Guarded
) -> None:
    env = server.shown(TOKENS["app"])
    with app.worker(server.endpoint, HUB, env=env) as first:
        with app.driver(server.endpoint, HUB, ["chain"], env) as driver:
            assert driver.verdict("chain").error is None  # over TLS, with a token
        with app.worker(server.endpoint, HUB, env=env) as second:
            server.wait_for_log("rpc-refused", code="DH516")
            first.kill()
            with app.driver(server.endpoint, HUB, ["chain"], env) as driver:
                assert driver.verdict("chain").error is None
            assert second.exit_status is None
