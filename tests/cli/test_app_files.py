"""An app's own files, host.json and app settings, as ``durahub serve`` takes them."""

import json
import socket
from pathlib import Path

import pytest

from durahub.accounts import Access
from durahub.classic.app_settings import AppSettings
from durahub.classic.connection import EMULATOR_KEY
from durahub.cli.up import is_absent_emulator
from tests.cli.test_bad_input import sentence
from tests.cli.test_serve import check, told, written

SECRET = f"AccountName=orders;AccountKey={EMULATOR_KEY}"
HOST = json.dumps(
    {
        "version": "2.0",
        "logging": {"logLevel": {"default": "Information"}},
        "extensionBundle": {
            "id": "Microsoft.Azure.Functions.ExtensionBundle",
            "version": "[4.*, 5.0.0)",
        },
        "extensions": {
            "http": {"routePrefix": ""},
            "durableTask": {
                "hubName": "%TASKHUB%",
                "storageProvider": {"connectionName": "Orders", "partitionCount": 3},
                "tracing": {"traceReplayEvents": True},
                "maxConcurentActivityFunctions": 5,
            },
        },
    }
)
LOCAL = json.dumps(
    {
        "IsEncrypted": False,
        "Values": {
            "AzureWebJobsStorage": "UseDevelopmentStorage=true",
            "Orders": SECRET,
            "TASKHUB": "OrdersHub",
            "WEBSITE_SITE_NAME": "orders-app",
        },
    }
)


def app(folder: Path) -> tuple[Path, Path]:
    return written(folder, HOST, "host.json"), written(folder, LOCAL, "local.settings.json")


def test_an_app_s_files_are_all_that_a_server_needs(tmp_path: Path) -> None:
    host_json, local = app(tmp_path)
    answer = check(
        *("--host-json", host_json, "--app-settings", local, "--format", "json"), state=tmp_path
    )
    settings = told(answer)

    assert settings["server.hubs"] == ('["OrdersHub"]', str(host_json))
    assert settings["store.address"] == ('"env:Orders"', str(host_json))
    assert settings["defaults.partitions"] == ("3", str(host_json))
    assert settings["store.app_name"][0] == '"orders-app"'
    warnings = [line for line in answer.err.splitlines() if line.startswith("warning: ")]
    assert len(warnings) == 2
    assert "traceReplayEvents" in warnings[0]
    assert "did you mean extensions.durableTask.maxConcurrentActivityFunctions?" in warnings[1]
    assert EMULATOR_KEY not in answer.out + answer.err


def test_the_settings_file_names_them_as_seen_from_itself(tmp_path: Path) -> None:
    host_json, _ = app(tmp_path)
    file = written(
        tmp_path,
        '[app]\nhost_json = "host.json"\nsettings = "local.settings.json"\n[defaults]\npartitions = 9',
    )
    settings = told(check("--config", file, "--format", "json", state=tmp_path))

    assert settings["server.hubs"] == ('["OrdersHub"]', str(host_json))
    assert settings["defaults.partitions"] == ("9", str(file))


def test_the_environment_comes_before_the_file_of_app_settings(tmp_path: Path) -> None:
    host_json, local = app(tmp_path)
    override = "AzureFunctionsJobHost__extensions__durableTask__storageProvider__PartitionCount"
    settings = told(
        check(
            *("--host-json", host_json, "--app-settings", local, "--format", "json"),
            state=tmp_path,
            env={"TASKHUB": "Mine", override: "16"},
        )
    )

    assert settings["server.hubs"][0] == '["Mine"]'
    assert settings["defaults.partitions"] == ("16", override)


def test_an_app_that_says_nothing_has_the_defaults_of_durable_functions(tmp_path: Path) -> None:
    host_json = written(tmp_path, '{"version": "2.0"}', "host.json")
    local = written(tmp_path, LOCAL, "local.settings.json")
    settings = told(
        check(
            *("--host-json", host_json, "--app-settings", local, "--format", "json"),
            state=tmp_path,
        )
    )

    assert settings["server.hubs"][0] == '["ordersapp"]'
    assert settings["store.address"][0] == '"env:AzureWebJobsStorage"'


def test_the_hubs_of_the_settings_file_count_before_an_app_s_default(tmp_path: Path) -> None:
    host_json = written(tmp_path, '{"version": "2.0"}', "host.json")
    file = written(tmp_path)
    settings = told(
        check("--config", file, "--host-json", host_json, "--format", "json", state=tmp_path)
    )
    assert "server.hubs" not in settings
    assert settings["hubs.orders.limits"] == ('"dts"', str(file))


@pytest.mark.parametrize(
    ("host", "said"),
    [
        (
            {"storageProvider": {"partitionCount": 99}},
            "host.json: extensions.durableTask.storageProvider.partitionCount: expected a whole "
            "number from 1 to 16, found 99",
        ),
        (
            {"hubName": "%NOT_SET%"},
            "extensions.durableTask.hubName: the app setting NOT_SET is not",
        ),
        ({"storageProvider": {"type": "mssql"}}, "type: expected AzureStorage, found 'mssql'"),
    ],
)
def test_a_value_that_a_key_cannot_have_is_refused_with_its_place(
    host: dict[str, object], said: str, tmp_path: Path
) -> None:
    text = json.dumps({"version": "2.0", "extensions": {"durableTask": host}})
    answer = check(
        *("--host-json", written(tmp_path, text, "host.json"), "--store", "sqlite::memory:"),
        state=tmp_path,
    )
    assert answer.status == 2
    assert said in sentence(answer, "DH108")


def test_a_connection_that_is_not_there_is_warned_of_where_files_are_only_checked(
    tmp_path: Path,
) -> None:
    host_json, _ = app(tmp_path)
    answer = check("--host-json", host_json, state=tmp_path, env={"TASKHUB": "OrdersHub"})

    assert answer.status == 0
    assert "warning: DH103: the connection string in the environment variable Orders" in answer.err


def test_the_emulator_s_connection_leads_to_an_emulator_of_ones_own_where_none_runs() -> None:
    def access(**settings: str) -> Access:
        return Access(app_settings=AppSettings(settings))

    emulator = access(Storage="UseDevelopmentStorage=true")
    with socket.socket() as probe:
        runs = probe.connect_ex(("127.0.0.1", 10001)) == 0
    assert is_absent_emulator("env:Storage", emulator) is not runs
    assert not is_absent_emulator("env:Storage", access(Storage=SECRET))
    assert not is_absent_emulator("sqlite::memory:", emulator)
