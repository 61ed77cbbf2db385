"""What is said where storage cannot be reached or says no: what, where, what to do, and no secret."""

from pathlib import Path

import aiohttp
import pytest

from durahub.classic.unreachable import why_unreachable
from durahub.local.azurite import KEY
from tests.accounts.emulators import SecureAzurite
from tests.accounts.token_issuer import TokenIssuer
from tests.cli.command import Answer, durahub
from tests.cli.test_bad_input import sentence
from tests.conftest import Storage

pytestmark = [pytest.mark.azurite]


def listed(state: Path, env: dict[str, str]) -> Answer:
    return durahub("hub", "list", "env:STORAGE", state=state, env=env)


def test_a_wrong_key_is_said_to_be_one(azurite: Storage, tmp_path: Path) -> None:
    text = azurite.connection_string.replace(KEY, "b3RoZXI=")
    answer = listed(tmp_path, {"STORAGE": text})

    assert answer.status == 4
    said = sentence(answer, "DH502")
    assert "its queue service: 403" in said
    assert "the account key is not this account's" in said
    assert "b3RoZXI=" not in answer.err


async def why_no_answer(url: str) -> str:
    """Ask *url* once, as the SDK's clients do again and again, and return what is said of it."""
    async with aiohttp.ClientSession() as session:
        try:
            await session.get(url)
        except aiohttp.ClientError as error:
            return why_unreachable(error, url)
    raise AssertionError(f"{url} has answered")


async def test_a_host_that_does_not_exist_is_named() -> None:
    said = await why_no_answer("https://nosuchshop.queue.core.invalid/")

    assert "there is no host nosuchshop.queue.core.invalid" in said


async def test_a_certificate_that_is_not_trusted_is_said_with_what_to_do(
    secure: SecureAzurite,
) -> None:
    said = await why_no_answer(secure.endpoints["queue"])

    assert "the certificate of 127.0.0.1 is refused" in said
    assert "SSL_CERT_FILE" in said


async def test_tls_spoken_to_a_plain_port_is_told_from_a_bad_certificate(azurite: Storage) -> None:
    said = await why_no_answer(azurite.queue_url.replace("http://", "https://"))

    assert "does not speak TLS" in said


async def test_a_port_where_nobody_listens_is_named() -> None:
    assert await why_no_answer("http://127.0.0.1:1/x") == "127.0.0.1:1 takes no connection"


@pytest.mark.slow
def test_a_host_that_does_not_exist_is_told_after_all_tries(tmp_path: Path) -> None:
    text = f"AccountName=nosuchshop;AccountKey={KEY};EndpointSuffix=core.invalid"
    answer = listed(tmp_path, {"STORAGE": text})

    assert answer.status == 4
    assert "there is no host nosuchshop.queue.core.invalid" in sentence(answer, "DH501")
    assert KEY not in answer.err


def test_a_trusted_certificate_does(secure: SecureAzurite, tmp_path: Path) -> None:
    env = {"STORAGE": secure.connection_string, "SSL_CERT_FILE": str(secure.ca)}

    assert listed(tmp_path, env).status == 0


@pytest.mark.slow
def test_an_issuer_that_does_not_answer_is_told_from_the_account(
    secure: SecureAzurite, tmp_path: Path
) -> None:
    env = {
        **secure.parts("STORAGE", credential="managedidentity"),
        "IDENTITY_ENDPOINT": "http://127.0.0.1:1/msi",
        "IDENTITY_HEADER": "x",
        "SSL_CERT_FILE": str(secure.ca),
    }
    answer = listed(tmp_path, env)

    assert answer.status == 4
    said = sentence(answer, "DH501")
    assert "no tokens are issued: 127.0.0.1:1 takes no connection" in said


def test_a_token_for_another_audience_is_told_from_a_missing_one(
    secure: SecureAzurite, issuer: TokenIssuer, tmp_path: Path
) -> None:
    issuer.audience = "https://vault.azure.net"
    env = {
        **secure.parts("STORAGE", credential="managedidentity"),
        **issuer.as_managed_identity,
        "SSL_CERT_FILE": str(secure.ca),
    }
    answer = listed(tmp_path, env)

    assert answer.status == 4
    assert "the token is not accepted" in sentence(answer, "DH502")


@pytest.mark.parametrize(
    ("env", "code", "said"),
    [
        ({"STORAGE__credential": "managedidentity"}, "DH103", "accountName"),
        ({"STORAGE__blobServiceUri": "shop"}, "DH103", "blobServiceUri is not an https address"),
        (
            {"STORAGE__blobServiceUri": "https://files.example.com"},
            "DH103",
            "queueServiceUri and tableServiceUri must be set as well, or accountName",
        ),
        ({"STORAGE__accountName": "shop", "STORAGE__credential": "magic"}, "DH105", "workload-id"),
        ({"STORAGE__accountName": "shop", "DURAHUB_CLOUD": "mars"}, "DH105", "china"),
        ({"STORAGE": "AccountName=a;AccountKey=!"}, "DH103", "not Base64"),
        ({}, "DH103", "is not set"),
    ],
)
def test_settings_that_lead_nowhere_are_said_before_anything_is_asked(
    env: dict[str, str], code: str, said: str, tmp_path: Path
) -> None:
    answer = listed(tmp_path, env)

    assert answer.status == 2
    assert said in sentence(answer, code)
