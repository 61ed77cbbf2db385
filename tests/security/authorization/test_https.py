"""Identity providers over real HTTPS: whom a server believes, and what it puts up with."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal.orchestrator_service_pb2_grpc import TaskHubSidecarServiceStub

from durahub.local.child import Child
from tests.security.authorization.authority import Authority
from tests.security.authorization.https_provider import HttpsProvider, serving
from tests.security.authorization.identity_provider import AUDIENCE, IdentityProvider
from tests.security.secrets.canaries import canary, found_in

SECRET = canary("client-secret")
DOCUMENT = {"issuer": "me"}

ASK = """
import asyncio, json, sys
from durahub.authorization.provider_http import fetch_json

async def ask(url, form, within):
    try:
        return {"answer": dict(await fetch_json(url, form, within=within))}
    except (ValueError, OSError, asyncio.TimeoutError) as error:
        return {"error": type(error).__name__, "said": str(error)}

print(json.dumps(asyncio.run(ask(*json.loads(sys.argv[1])))))
"""


def ask(
    url: str, ca: Path | None, form: dict[str, str] | None = None, within: float = 20.0
) -> dict[str, Any]:
    """Ask from a process of its own: OpenSSL looks for authorities when a process begins."""
    environment = {name: value for name, value in os.environ.items() if name != "SSL_CERT_FILE"}
    if ca is not None:
        environment["SSL_CERT_FILE"] = str(ca)
    done = subprocess.run(
        [sys.executable, "-c", ASK, json.dumps([url, form, within])],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    assert found_in((done.stdout + done.stderr).encode(), {"secret": SECRET}) == []
    return found


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("right"))


@pytest.fixture(scope="module")
def provider(authority: Authority) -> Iterator[HttpsProvider]:
    with serving(HttpsProvider(), authority.issue("localhost", "localhost")) as found:
        found.documents["/document"] = DOCUMENT
        yield found


def test_a_provider_whose_authority_is_trusted_is_believed(
    provider: HttpsProvider, authority: Authority
) -> None:
    assert ask(f"{provider.url}/document", authority.file) == {"answer": DOCUMENT}


def test_a_provider_of_another_authority_is_not_even_asked(
    provider: HttpsProvider, tmp_path: Path
) -> None:
    provider.asked.clear()
    other = Authority(tmp_path / "wrong")
    for ca in (other.file, None):
        refused = ask(f"{provider.url}/document", ca, {"client_secret": SECRET})
        assert refused["said"] == "ClientConnectorCertificateError"
    assert provider.asked == []


@pytest.mark.parametrize(
    ("name", "days"), [("elsewhere.example.com", (-1, 1)), ("localhost", (-3, -1))]
)
def test_a_certificate_for_another_name_or_of_the_past_is_refused(
    authority: Authority, name: str, days: tuple[int, int]
) -> None:
    own = HttpsProvider()
    own.documents["/document"] = DOCUMENT
    with serving(own, authority.issue(name, name, days=days)):
        assert ask(f"{own.url}/document", authority.file)["error"] == "OSError"
    assert own.asked == []


@pytest.mark.parametrize("form", [None, {"client_secret": SECRET}], ids=["get", "post"])
def test_a_redirect_is_not_followed_wherever_it_leads(
    provider: HttpsProvider, authority: Authority, form: dict[str, str] | None
) -> None:
    with serving(HttpsProvider(), None) as clear:
        clear.documents["/document"] = DOCUMENT
        places = (f"http://127.0.0.1:{clear.port}/document", f"{provider.url}/document")
        for place in places:
            provider.asked.clear()
            refused = ask(f"{provider.url}/redirect/{place}", authority.file, form)
            assert refused == {"error": "ValueError", "said": "it answers 307"}
            assert [path for path, _ in provider.asked] == [f"/redirect/{place}"]
        assert clear.asked == []


def test_another_machine_is_asked_over_https_alone(authority: Authority) -> None:
    refused = ask("http://login.example.com/document", authority.file, {"client_secret": SECRET})
    assert refused == {"error": "ValueError", "said": "it may be asked over https alone"}


def test_an_answer_that_is_too_large_is_not_read_to_its_end(
    provider: HttpsProvider, authority: Authority
) -> None:
    refused = ask(f"{provider.url}/large", authority.file)
    assert refused == {"error": "ValueError", "said": "its answer is too large"}


def test_an_answer_in_many_pieces_is_read_whole(
    provider: HttpsProvider, authority: Authority
) -> None:
    answered = ask(f"{provider.url}/pieces", authority.file)
    assert len(answered["answer"]["keys"]) == 10


@pytest.mark.parametrize("path", ["slow", "silent"])
def test_an_answer_that_does_not_end_is_given_up(
    provider: HttpsProvider, authority: Authority, path: str
) -> None:
    refused = ask(f"{provider.url}/{path}", authority.file, within=1.0)
    assert refused["error"] in ("TimeoutError", "ConnectionTimeoutError")


@pytest.mark.parametrize("trusts", [True, False], ids=["right", "wrong"])
def test_a_server_takes_the_tokens_of_a_provider_that_it_can_trust(
    authority: Authority, tmp_path: Path, trusts: bool
) -> None:
    people = IdentityProvider()
    with serving(HttpsProvider(), authority.issue("localhost", "localhost")) as own:
        people.issuer = own.url
        own.documents["/.well-known/openid-configuration"] = people.configuration
        own.documents["/keys"] = people.published
        settings = tmp_path / "durahub.toml"
        settings.write_text(
            f"""
            [store]
            address = "sqlite::memory:"
            [server]
            hubs = ["orders"]
            [server.auth]
            issuers = ["{own.url}"]
            audiences = ["{AUDIENCE}"]
            grants = ["reader on orders to subject:sub-anna"]
            """
        )
        ca = authority.file if trusts else Authority(tmp_path / "wrong").file
        ports = ("--grpc-port", "0", "--http-port", "0", "--api-port", "none")
        command = (
            *(sys.executable, "-m", "durahub.cli.main", "serve", "--format", "json", "--verbose"),
            *("--config", str(settings), *ports),
        )
        environment = {"DURAHUB_STATE_DIR": str(tmp_path), "SSL_CERT_FILE": str(ca)}
        child = Child(command, env={**os.environ, **environment})
        token = people.token("anna")
        try:
            ready = child.wait_for(lambda line: line if line.startswith('{"event"') else None, 60)
            assert ready, child.tail()
            shown = (("taskhub", "orders"), ("authorization", f"Bearer {token}"))
            with grpc.insecure_channel(f"127.0.0.1:{json.loads(ready)['grpc_port']}") as channel:
                ask_for = TaskHubSidecarServiceStub(channel).GetInstance
                if trusts:
                    found = ask_for(pb.GetInstanceRequest(instanceId="none"), metadata=shown)
                    assert not found.exists
                else:
                    with pytest.raises(grpc.RpcError) as refused:
                        ask_for(pb.GetInstanceRequest(instanceId="none"), metadata=shown)
                    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
        finally:
            child.kill()
    said = child.output()
    assert ("keys-fetched" in said) == trusts
    assert ("ClientConnectorCertificateError" in said) != trusts
    assert token not in said
