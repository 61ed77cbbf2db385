"""An app full of secrets: none of them is in anything that a run writes."""

import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner

from durahub.secret_texts import hidden
from durahub_migrate.cli.lint import Around, lint
from durahub_migrate.cli.lint_formats import FORMATS

KEY = "c2VjcmV0LWtleS1vZi10aGUtYWNjb3VudC0wMDAwMDAwMA=="
SAS = "sv=2022-11-02&ss=bqt&sig=cGxhbnRlZFNpZ25hdHVyZQ%3D%3D"
PASSWORD = "Pl4nted!Password"
STORAGE = f"DefaultEndpointsProtocol=https;AccountName=acct;AccountKey={KEY};EndpointSuffix=core.windows.net"
SQL = f"Server=tcp:db;User ID=sa;Password={PASSWORD};"
SCHEDULER = f"Endpoint=https://x.durabletask.io;Authentication=AccessKey;Key={KEY};TaskHub=orders"
PLANTED = (KEY, "cGxhbnRlZFNpZ25hdHVyZQ", PASSWORD)

UPDATED = "--update-baseline"

HOST = {
    "version": "2.0",
    "extensions": {
        "durableTask": {
            "hubName": f"AccountKey={KEY}",
            "storageProvider": {
                "type": f"azureManaged;{STORAGE}",
                "connectionStringName": STORAGE,
                "partitionCount": SAS,
                "controlQueueBatchSize": SQL,
                "maxQueuePollingInterval": f"https://acct.queue.core.windows.net/?{SAS}",
                "partitionCuont": STORAGE,
            },
            "maxConcurrentActivityFunctions": STORAGE,
            "maxConcurrentOrchestratorFunctions": SQL,
            "extendedSessionsEnabled": SAS,
            "notificationUrl": f"https://hooks/x?{SAS}&code={PASSWORD}",
            "tracing": {"DistributedTracingEnabled": STORAGE},
            "AccountKey": KEY,
        }
    },
    "extensionBundle": {"id": STORAGE, "version": SQL},
}
SETTINGS = {
    "IsEncrypted": False,
    "Values": {
        "AzureWebJobsStorage": STORAGE,
        "DURABLE_TASK_SCHEDULER_CONNECTION_STRING": SCHEDULER,
        "FUNCTIONS_WORKER_RUNTIME": SQL,
        "TASKHUB_NAME": STORAGE,
        "SQLDB_Connection": SQL,
        "MY_BLOB": f"https://acct.blob.core.windows.net/c?{SAS}",
        STORAGE: "a name that is a secret",
    },
}
BICEP = f"""
param key string = '{KEY}'
resource scheduler 'Microsoft.DurableTask/schedulers@2025-11-01' = {{
  name: '{SQL}'
  location: '{SAS}'
  properties: {{ sku: {{ name: 'AccountKey={KEY}' }}, ipAllowlist: ['{STORAGE}'] }}
  tags: {{ key: key }}
}}
resource app 'Microsoft.Web/sites@2023-12-01' = {{
  name: 'app'
  properties: {{ siteConfig: {{ appSettings: [
    {{ name: 'AzureWebJobsStorage', value: '{STORAGE}' }}
    {{ name: 'DURABLE_TASK_SCHEDULER_CONNECTION_STRING', value: '{SCHEDULER}' }}
  ] }} }}
}}
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "host.json").write_text(json.dumps(HOST, indent=1))
    (folder / "local.settings.json").write_text(json.dumps(SETTINGS, indent=1))
    (folder / "main.bicep").write_text(BICEP)
    (folder / "requirements.txt").write_text(
        f"azure-functions-durable @ https://user:{PASSWORD}@host/x.whl?{SAS}\n"
        f"--index-url https://user:{PASSWORD}@host/simple\n"
    )
    return folder


def leaked(text: str) -> list[str]:
    return [line.strip()[:200] for line in text.splitlines() if any(one in line for one in PLANTED)]


@pytest.mark.parametrize("form", FORMATS)
def test_no_format_shows_a_secret(app: Path, form: str) -> None:
    result = CliRunner().invoke(
        lint, [str(app), "--select", "ALL", "--format", form], obj=Around(folder=app)
    )

    assert result.exit_code in (0, 1), result.output
    assert leaked(result.output) == []


def test_no_file_that_is_written_holds_a_secret(app: Path, tmp_path: Path) -> None:
    names = ("work", "base.json", "report.html", "report.md", "report.json")
    work, baseline, *reports = (str(tmp_path / name) for name in names)
    told = [option for report in reports for option in ("--report", report)]

    result = CliRunner().invoke(
        lint,
        [str(app), "--select=ALL", *told, f"--work={work}", f"--baseline={baseline}", UPDATED],
        obj=Around(folder=app),
    )

    assert result.exit_code in (0, 1), result.output
    assert leaked(result.output) == []
    for name in names[1:]:
        assert leaked((tmp_path / name).read_text("utf-8")) == [], name
    connection = sqlite3.connect(work)
    dumped = "\n".join(
        row.decode("utf-8", "replace") if isinstance(row, bytes) else str(row)
        for table in ("finding", "observation", "note", "largest", "amount")
        for found in connection.execute(f"SELECT * FROM {table}")
        for row in found
    )
    connection.close()
    assert leaked(dumped) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (STORAGE, "AccountKey=…;EndpointSuffix"),
        (f"https://a/b?{SAS}", "&sig=…"),
        ("https://user:Pl4nted!Pass…", "https://user:…@"),
        (f'"{KEY}"', '"…"'),
        (SQL, "Password=…;"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str, shown: str) -> None:
    assert shown in hidden(text)
    assert leaked(hidden(text)) == []
    assert hidden(hidden(text)) == hidden(text)


@pytest.mark.parametrize(
    "text",
    [
        "PartitionKey=order and RowKey=7",
        "http://127.0.0.1:10000/devstoreaccount1",
        "http://localhost:7071",
        "the key of this instance",
        "x" * 59 + "…",
        "123456789012345678901234567890123456789012345",
    ],
)
def test_what_is_none_is_shown(text: str) -> None:
    assert hidden(text) == text
