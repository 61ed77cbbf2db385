"""Identities: whole orchestrations with tokens alone, over HTTPS, on an account that takes no less."""

from collections.abc import Callable
from pathlib import Path

import pytest

from durahub.local.server import ServerProcess
from tests.accounts.certificates import Certificate
from tests.accounts.conftest import RunApp
from tests.accounts.emulators import SecureAzurite
from tests.accounts.token_issuer import TENANT, TokenIssuer

pytestmark = [pytest.mark.sdk, pytest.mark.azurite]


def test_an_orchestration_runs_with_the_tokens_of_a_managed_identity(
    secure: SecureAzurite,
    issuer: TokenIssuer,
    start_server: Callable[..., ServerProcess],
    run_app: RunApp,
    hub_name: str,
) -> None:
    env = {
        **secure.parts("STORAGE", credential="managedidentity", clientId="shop-identity"),
        **issuer.as_managed_identity,
        "SSL_CERT_FILE": str(secure.ca),
    }
    server = start_server("--store", "env:STORAGE", "--hub", hub_name, env=env)
    run_app(server, hub_name)

    assert server.stop() == 0
    assert {asked["resource"] for asked in issuer.asked} == {"https://storage.azure.com"}
    assert {asked["client_id"] for asked in issuer.asked} == {"shop-identity"}
    assert len(issuer.asked) == 1  # cached, for all three services


def test_an_orchestration_runs_with_the_tokens_of_a_workload_identity(
    secure: SecureAzurite,
    certificate: Certificate,
    start_server: Callable[..., ServerProcess],
    run_app: RunApp,
    hub_name: str,
    tmp_path: Path,
) -> None:
    (tmp_path / "federated").write_text("the cluster's token")
    entra = TokenIssuer(certificate)
    try:
        env = {
            **secure.parts("STORAGE", credential="workloadidentity", clientId="shop-app"),
            "AZURE_TENANT_ID": TENANT,
            "AZURE_FEDERATED_TOKEN_FILE": str(tmp_path / "federated"),
            "AZURE_AUTHORITY_HOST": entra.url,
            "SSL_CERT_FILE": str(secure.ca),
        }
        server = start_server("--store", "env:STORAGE", "--hub", hub_name, env=env)
        run_app(server, hub_name)
        assert server.stop() == 0
    finally:
        entra.close()

    assert {asked["path"] for asked in entra.asked} == {f"/{TENANT}/oauth2/v2.0/token"}
    assert {asked["client_assertion"] for asked in entra.asked} == {"the cluster's token"}
    assert {asked["client_id"] for asked in entra.asked} == {"shop-app"}
    assert {asked["scope"] for asked in entra.asked} == {"https://storage.azure.com/.default"}
