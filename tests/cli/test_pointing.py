"""What ``durahub up`` and ``durahub serve`` tell an app to connect with: what lets it in, nothing else."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from durahub.authorization.settings import AuthSettings
from durahub.cli.pointing import pointers
from durahub.configuration.settings import Settings
from durahub.local.child import Child
from tests.security.authorization.authority import Authority

OPEN = Settings(hubs=("orders", "billing"))
TLS = replace(OPEN, tls=(Path("chain.pem"), Path("key.pem")))
TENANT = AuthSettings(tenants=("11111111-2222-3333-4444-555555555555",))
TOKENS = AuthSettings(tokens=(("app", "APP_TOKEN"),))


def hints(settings: Settings) -> str:
    return " ".join(pointers(settings, 8080).hints)


def test_an_app_of_an_open_server_needs_nothing_but_the_string() -> None:
    found = pointers(OPEN, 8080)

    assert found.strings == (
        "Endpoint=http://localhost:8080;TaskHub=orders;Authentication=None",
        "Endpoint=http://localhost:8080;TaskHub=billing;Authentication=None",
    )
    assert found.hints == ()


def test_where_a_tenant_s_tokens_count_the_string_has_an_app_get_one() -> None:
    found = pointers(replace(TLS, auth=TENANT), 8080)

    assert found.strings[0] == (
        "Endpoint=https://localhost:8080;TaskHub=orders;Authentication=DefaultAzure"
    )
    assert found.hints == ()


def test_a_tenant_s_tokens_without_tls_are_warned_of() -> None:
    assert "speaks no TLS" in hints(replace(OPEN, auth=TENANT))


@pytest.mark.parametrize("auth", [TOKENS, AuthSettings(tokens_file=Path("tokens"))])
def test_where_static_tokens_alone_count_there_is_no_string(auth: AuthSettings) -> None:
    found = pointers(replace(TLS, auth=auth), 8080)

    assert (found.endpoint, found.strings) == ("https://localhost:8080", ())
    assert "static token" in " ".join(found.hints)


def test_a_server_with_both_has_the_tenant_s_string_and_the_hint() -> None:
    both = replace(TLS, auth=replace(TOKENS, tenants=TENANT.tenants))

    assert pointers(both, 8080).strings[0].endswith("Authentication=DefaultAzure")
    assert "static token" in hints(both)


@pytest.mark.parametrize("auth", [AuthSettings(), TENANT])
def test_where_clients_need_a_certificate_there_is_no_string(auth: AuthSettings) -> None:
    settings = replace(TLS, client_ca=Path("ca.pem"), auth=auth)

    assert pointers(settings, 8080).strings == ()
    assert "client certificate" in hints(settings)


def test_tokens_of_another_provider_are_the_app_s_own_affair() -> None:
    settings = replace(TLS, auth=AuthSettings(issuers=("https://id.example.com",)))

    assert pointers(settings, 8080).strings == ()
    assert "identity provider" in hints(settings)


def test_that_two_sdks_speak_no_tls_without_an_identity_is_told() -> None:
    assert pointers(TLS, 8080).strings[0].startswith("Endpoint=https://")
    assert "JavaScript and Java" in hints(TLS)


@pytest.mark.parametrize(
    ("host", "endpoint"),
    [
        ("0.0.0.0", "http://localhost:8080"),
        ("::", "http://localhost:8080"),
        ("::1", "http://localhost:8080"),
        ("fd00::7", "http://[fd00::7]:8080"),
        ("10.0.0.7", "http://10.0.0.7:8080"),
    ],
)
def test_an_endpoint_is_an_address_that_can_be_called(host: str, endpoint: str) -> None:
    found = pointers(replace(OPEN, host=host), 8080)

    assert found.endpoint == endpoint
    assert ("another machine" in " ".join(found.hints)) == (host in ("0.0.0.0", "::"))


@pytest.mark.parametrize("output", ["json", "text"])
def test_a_server_tells_it_when_it_is_ready(output: str, tmp_path: Path) -> None:
    pair = Authority(tmp_path / "ca").issue("localhost", "localhost")
    config = tmp_path / "durahub.toml"
    config.write_text(
        '[store]\naddress = "sqlite::memory:"\n[server.auth]\ntokens = ["app=env:APP_TOKEN"]\n'
        f'[server.tls]\ncert = "{pair.certificate}"\nkey = "{pair.key}"\n'
    )
    ports = ("--grpc-port", "0", "--http-port", "0", "--api-port", "none")
    command = (sys.executable, "-m", "durahub.cli.main", "serve", "--config", str(config), *ports)
    env = {"APP_TOKEN": "t" * 24, "DURAHUB_STATE_DIR": str(tmp_path)}
    child = Child([*command, "--format", output], env=env)
    try:
        last = '"ready"' if output == "json" else "Ctrl-C"
        assert child.wait_for(lambda line: last in line or None, 60), child.tail()
        said = child.output()
    finally:
        child.kill()

    assert "Authentication=" not in said
    assert "static token" in said
    if output == "json":
        told: dict[str, Any] = json.loads(next(x for x in said.splitlines() if last in x))
        assert told["connection_string"] is None
        assert told["endpoint"] == f"https://localhost:{told['grpc_port']}"
