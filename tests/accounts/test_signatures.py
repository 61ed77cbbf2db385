"""Shared access signatures: one that has what a hub needs does, and every other one is told why not."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from azure.storage.blob import AccountSasPermissions, ResourceTypes, generate_account_sas

from durahub.local.azurite import ACCOUNT, KEY
from durahub.local.server import ServerProcess
from tests.accounts.conftest import RunApp
from tests.cli.command import durahub
from tests.cli.test_bad_input import sentence
from tests.conftest import Storage

pytestmark = [pytest.mark.sdk, pytest.mark.azurite]

ALL = "rwdlacup"


def signed(
    storage: Storage,
    permissions: str = ALL,
    types: str = "sco",
    *,
    lives: timedelta = timedelta(hours=1),
    key: str = KEY,
) -> str:
    """Return a connection string with a signature for these permissions and kinds of resources."""
    now = datetime.now(timezone.utc)
    token = generate_account_sas(
        ACCOUNT,
        key,
        ResourceTypes.from_string(types),
        AccountSasPermissions.from_string(permissions),
        now + lives,
        start=now - timedelta(days=2),
        services="bqt",
    )
    return (
        f"BlobEndpoint={storage.blob_url};QueueEndpoint={storage.queue_url};"
        f"TableEndpoint={storage.table_url};SharedAccessSignature={token}"
    )


def test_an_orchestration_runs_with_a_signature(
    azurite: Storage, start_server: Callable[..., ServerProcess], run_app: RunApp, hub_name: str
) -> None:
    env = {"STORAGE": signed(azurite)}
    server = start_server("--store", "env:STORAGE", "--hub", hub_name, env=env)
    run_app(server, hub_name)

    assert server.stop() == 0
    assert "sig=" not in server.output()


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"permissions": "rwdlac"}, "lacks permission update (sp=u), permission process (sp=p)"),
        ({"types": "co"}, "lacks resource type service (srt=s)"),
        ({"lives": timedelta(hours=-1)}, "expired at "),
    ],
)
def test_what_a_signature_lacks_is_said_before_anything_is_asked(
    told: dict[str, object], said: str, azurite: Storage, tmp_path: Path, hub_name: str
) -> None:
    text = signed(azurite, **told)  # type: ignore[arg-type]
    answer = durahub(
        *("serve", "--store", "env:STORAGE", "--hub", hub_name),
        *("--grpc-port", "0", "--http-port", "0", "--api-port", "none"),
        state=tmp_path,
        env={"STORAGE": text},
    )

    assert answer.status == 4
    assert said in sentence(answer, "DH502")
    assert "sig=" not in answer.err


def test_a_signature_made_with_another_key_is_refused_with_its_likely_reasons(
    azurite: Storage, tmp_path: Path
) -> None:
    text = signed(azurite, key="b3RoZXI=")
    answer = durahub("hub", "list", "env:STORAGE", state=tmp_path, env={"STORAGE": text})

    assert answer.status == 4
    said = sentence(answer, "DH502")
    assert "AuthenticationFailed" in said or "AuthorizationFailure" in said
    assert "sig=" not in answer.err
