"""What the commands around a move say of hubs and apps that are full of canaries: no payload and no secret.

Bundles, plans and journals are files that a move needs; of these a bundle has payloads, and a plan has none.
"""

import base64
import json
from pathlib import Path

import pytest
import zstandard

from tests.cli.command import Answer, durahub
from tests.security.secrets.canaries import found_in
from tests.security.secrets.full_hub import CANARIES, SECRETS, damage, write
from tests.verifying.places import moved_into_file


def seldom(*formats: str) -> list[object]:
    """Return forms of output that are not tried in each run."""
    return [pytest.param(one, marks=pytest.mark.slow) for one in formats]


FORMATS = (
    *("text", "full", "json", "sarif"),
    *seldom("concise", "grouped", "jsonl", "junit", "github", "gitlab", "azure", "markdown", "csv"),
)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle") / "orders.hub"
    write(folder)
    return folder


@pytest.fixture
async def moved(bundle: Path, tmp_path: Path) -> str:
    """A file with the same hub, of which one result is another one."""
    other = tmp_path / "other.hub"
    write(other, "other", odd=False)
    await moved_into_file(other, tmp_path / "hub.db")
    return f"sqlite:{tmp_path / 'hub.db'}/Orders"


def says_nothing(answer: Answer, *expected: str) -> None:
    """Check what a command has said: something, no traceback, and no canary."""
    said = answer.out + answer.err
    assert "Traceback" not in said, said[-2000:]
    for one in expected:
        assert one in said, said[-2000:]
    assert found_in(said.encode(), CANARIES) == []


@pytest.mark.parametrize("format_", FORMATS)
def test_lint_tells_of_a_bundle_without_its_payloads(
    bundle: Path, tmp_path: Path, format_: str
) -> None:
    report = tmp_path / "report.html"
    answer = durahub(
        *("lint", str(bundle), "--select", "ALL", "--each", "--show-suppressed"),
        *("--set", "thresholds.id-most=2", "--format", format_, "--report", str(report)),
        *("--work", str(tmp_path / "work.sqlite")),
        state=tmp_path,
    )
    assert answer.status == (0 if format_ == "sarif" else 1)
    says_nothing(answer, "waits")
    assert found_in(report.read_bytes(), CANARIES) == []


def test_lint_shows_payloads_to_who_asks_for_them(bundle: Path, tmp_path: Path) -> None:
    answer = durahub(
        "lint", str(bundle), "--select", "ALL", "--each", "--show-payloads", state=tmp_path
    )
    assert found_in(answer.out.encode(), CANARIES) != []


APP = {
    "host.json": {
        "version": "2.0",
        "extensions": {
            "durableTask": {
                "hubName": "orders",
                "storageProvider": {
                    "type": "azureManaged",
                    "connectionStringName": "STORE",
                    "maxQueuePollingInterval": "soon",
                },
            }
        },
    },
    "local.settings.json": {
        "IsEncrypted": False,
        "Values": {
            "AzureWebJobsStorage": "AccountName=a;AccountKey={account-key};EndpointSuffix=x.net",
            "STORE": "BlobEndpoint=https://a.blob.core.windows.net;SharedAccessSignature=sv=1&"
            "sig={signature}",
            "DURABLE_TASK_SCHEDULER_CONNECTION_STRING": "Endpoint=https://x.durabletask.io;"
            "Authentication=ClientSecret;ClientID=a;ClientSecret={client-secret}",
            "AZURE_CLIENT_SECRET": "{client-secret}",
            "FUNCTIONS_KEY": "{functions-key}",
            "FUNCTIONS_WORKER_RUNTIME": "python",
        },
    },
    "main.parameters.json": {
        "parameters": {
            "storageKey": {"value": "{account-key}"},
            "connection": {"value": "AccountName=a;AccountKey={account-key}"},
        }
    },
}
BICEP = """
resource site 'Microsoft.Web/sites@2023-01-01' = {
  name: 'orders'
  properties: { siteConfig: { appSettings: [
    { name: 'AzureWebJobsStorage', value: 'AccountName=a;AccountKey=%s' }
    { name: 'DURABLE_TASK_SCHEDULER_CONNECTION_STRING', value: 'Endpoint=x;ClientSecret=%s' }
  ] } }
}
"""


@pytest.mark.parametrize("format_", FORMATS)
def test_lint_tells_of_an_app_without_its_secrets(tmp_path: Path, format_: str) -> None:
    app = tmp_path / "app"
    app.mkdir()
    for name, content in APP.items():
        told = json.dumps(content, indent=1)
        for secret in SECRETS:
            given = CANARIES[secret]
            if secret == "account-key":
                given = base64.b64encode(given.encode()).decode()
            told = told.replace(f"{{{secret}}}", given)
        (app / name).write_text(told)
    (app / "main.bicep").write_text(BICEP % (CANARIES["account-key"], CANARIES["client-secret"]))
    report = tmp_path / "report.html"
    answer = durahub(
        *("lint", str(app), "--select", "ALL", "--show-suppressed", "--format", format_),
        *("--report", str(report)),
        state=tmp_path,
    )
    says_nothing(answer, "host.json")
    assert found_in(report.read_bytes(), CANARIES) == []


@pytest.mark.parametrize("format_", ["json", *seldom("text", "md")])
def test_a_plan_has_no_payloads_and_says_none(
    bundle: Path, moved: str, tmp_path: Path, format_: str
) -> None:
    file = tmp_path / "orders.plan"
    answer = durahub(
        *("plan", str(bundle), f"sqlite:{tmp_path / 'new.db'}/Orders", "--output", str(file)),
        *("--max-rejects", "9", "--allow-unfrozen", "--all", "--format", format_),
        state=tmp_path,
    )
    says_nothing(answer, "waits")
    assert file.exists()
    assert found_in(file.read_bytes(), CANARIES) == []
    says_nothing(durahub("plan", "--show", str(file), "--all", state=tmp_path), "waits")
    says_nothing(
        durahub("lint", f"plan:{file}", "--select", "ALL", "--format", format_, state=tmp_path)
        if format_ == "json"
        else durahub("lint", f"plan:{file}", "--select", "ALL", state=tmp_path)
    )


@pytest.mark.parametrize("format_", ["text", *seldom("json", "jsonl")])
def test_verify_tells_what_differs_without_showing_it(
    bundle: Path, moved: str, tmp_path: Path, format_: str
) -> None:
    output = tmp_path / "verify.json"
    answer = durahub(
        *("verify", str(bundle), moved, "--all", "--format", format_, "--output", str(output)),
        state=tmp_path,
    )
    assert answer.status == 1
    says_nothing(answer, "waits")
    assert found_in(output.read_bytes(), CANARIES) == []


@pytest.mark.parametrize("format_", ["json", *seldom("text")])
@pytest.mark.parametrize("damaged", [False, True], ids=["whole", "damaged"])
def test_export_and_lint_say_nothing_of_a_hub_even_of_rows_that_cannot_be_read(
    moved: str, tmp_path: Path, format_: str, damaged: bool
) -> None:
    if damaged:
        damage(tmp_path / "hub.db")
    answer = durahub(
        "export", moved, str(tmp_path / "out.hub"), "--format", format_, state=tmp_path
    )
    says_nothing(answer)
    if damaged:
        assert answer.status != 0 or "reject" in answer.out + answer.err
    says_nothing(
        durahub("lint", moved, "--select", "ALL", "--each", "--format", format_, state=tmp_path)
    )
    says_nothing(durahub("verify", moved, moved, "--format", format_, state=tmp_path))


def test_a_redacted_bundle_has_no_payloads_at_all(moved: str, tmp_path: Path) -> None:
    answer = durahub("export", moved, str(tmp_path / "r.hub"), "--redact", state=tmp_path)
    says_nothing(answer)
    assert answer.status == 0
    files = [one for one in (tmp_path / "r.hub").rglob("*") if one.is_file()]
    assert files
    for one in files:
        content = one.read_bytes()
        if one.suffix == ".zst":
            content = zstandard.ZstdDecompressor().decompressobj().decompress(content)
        assert found_in(content, CANARIES) == [], one
