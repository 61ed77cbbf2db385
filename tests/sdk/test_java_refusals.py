"""The Java SDK over TLS, and what it makes of a server that refuses it."""

from collections.abc import Iterator

import pytest

from tests.sdk.guarded_server import HUB, TOKENS, Guarded, guarded_server
from tests.sdk.java_app import JavaApp

pytestmark = [pytest.mark.sdk, pytest.mark.java]


@pytest.fixture(scope="module")
def app() -> JavaApp:
    return JavaApp()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with guarded_server(tmp_path_factory.mktemp("guarded")) as server:
        yield server


@pytest.mark.parametrize(
    ("token", "code"),
    [("nobody's", "UNAUTHENTICATED: DH321"), (TOKENS["reader"], "PERMISSION_DENIED: DH322")],
)
def test_a_client_that_may_not_is_told_why(
    token: str, code: str, app: JavaApp, server: Guarded
) -> None:
    env = server.shown(token)
    with app.driver(server.endpoint, HUB, ["chain"], env) as driver:
        assert code in str(driver.verdict("chain").error)


def test_a_worker_with_a_wrong_token_goes_on_trying_and_the_server_says_why(
    app: JavaApp, server: Guarded
) -> None:
    env = server.shown("nobody's")
    with app.worker(server.endpoint, HUB, env=env) as worker:
        # The SDK tells no status.
        assert worker.wait_for(lambda line: "Unexpected failure connecting" in line or None, 90)
        server.wait_for_log("call-refused", reason="unknown")
        assert worker.exit_status is None


def test_a_worker_that_was_refused_takes_the_place_of_one_that_goes(
    app: JavaApp, server: Guarded
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
