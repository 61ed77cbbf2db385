"""host.json: what of it counts, what is named in a warning, and what is wrong with it."""

import json
from typing import Any

import pytest

from durahub.classic.app_settings import AppSettings
from durahub.configuration.host_json import HostJson, read_host_json
from durahub.errors import BadSettingsFile


def host(task: dict[str, Any], **more: Any) -> str:
    return json.dumps({"version": "2.0", "extensions": {"durableTask": task}, **more})


def read(text: str, **app_settings: str) -> HostJson:
    return read_host_json(text, "host.json", AppSettings(app_settings))


def test_what_means_the_same_is_taken() -> None:
    text = host(
        {
            "hubName": "Orders",
            "maxConcurrentActivityFunctions": 10,
            "maxConcurrentOrchestratorFunctions": 11,
            "maxConcurrentEntityFunctions": 12,
            "maxEntityOperationBatchSize": 50,
            "useAppLease": False,
            "storageProvider": {
                "type": "AzureStorage",
                "connectionName": "MyStorage",
                "trackingStoreConnectionName": "MyTracking",
                "trackingStoreNamePrefix": "Shop",
                "partitionCount": 8,
                "controlQueueBatchSize": 16,
                "controlQueueBufferThreshold": 128,
                "controlQueueVisibilityTimeout": "00:05:00",
                "workItemQueueVisibilityTimeout": "1.00:00:00",
                "maxQueuePollingInterval": "00:00:01.5",
                "queueClientMessageEncoding": "Base64",
                "useTablePartitionManagement": True,
            },
        }
    )

    found = read(text)
    assert found.flat == {
        "server.hubs": ("Orders",),
        "store.address": "env:MyStorage",
        "store.tracking": "env:MyTracking",
        "store.tracking_prefix": "Shop",
        "store.use_app_lease": False,
        "defaults.partitions": 8,
        "defaults.control_batch": 16,
        "defaults.message_buffer": 128,
        "defaults.visibility": 300.0,
        "defaults.activity_visibility": 86_400.0,
        "defaults.max_poll": 1.5,
        "defaults.queue_encoding": "base64",
        "defaults.partition_manager": "table",
        "defaults.max_activities": 10,
        "defaults.max_orchestrations": 11,
        "defaults.max_entities": 12,
        "defaults.entity_operations": 50,
    }
    assert found.warnings == ()


def test_names_are_found_in_any_case_and_comments_and_last_commas_are_passed_over() -> None:
    text = """{
      // the team's
      "Extensions": {"DurableTask": {"HubName": "Orders", /* "hubName": "No", */
        "StorageProvider": {"PartitionCount": "2",},}}
    }"""

    assert read(text).flat == {"server.hubs": ("Orders",), "defaults.partitions": 2}


def test_a_comment_within_a_text_is_text() -> None:
    text = host({"storageProvider": {"connectionName": "https://no,}"}})

    assert read(text).flat == {"store.address": "env:https://no,}"}


@pytest.mark.parametrize(
    ("flags", "manager"),
    [
        ({"useLegacyPartitionManagement": True}, "legacy"),
        (
            {"useLegacyPartitionManagement": "True", "useTablePartitionManagement": "false"},
            "legacy",
        ),
        ({"useTablePartitionManagement": True}, "table"),
        ({"useTablePartitionManagement": False}, "safe"),
        (
            {"useLegacyPartitionManagement": False, "useTablePartitionManagement": False},
            "safe",
        ),
        ({"useLegacyPartitionManagement": False}, None),
    ],
)
def test_two_flags_tell_the_partition_manager(flags: dict[str, Any], manager: str | None) -> None:
    found = read(host({"storageProvider": flags})).flat

    assert found.get("defaults.partition_manager") == manager


@pytest.mark.parametrize("section", ["storageProvider.azureStorage", "azureStorage"])
def test_the_older_section_is_read_like_the_newer_one(section: str) -> None:
    settings: dict[str, Any] = {"partitionCount": 3, "connectionStringName": "Old"}
    for name in reversed(section.split(".")):
        settings = {name: settings}

    found = read(host(settings))
    assert found.flat == {"defaults.partitions": 3, "store.address": "env:Old"}
    assert found.warnings == ()


def test_a_section_at_the_top_is_functions_1s_and_its_messages_are_base64() -> None:
    task = {
        "hubName": "Orders",
        "partitionCount": 2,
        "azureStorageConnectionStringName": "Old",
        "trackingStoreConnectionStringName": "Track",
        "logReplayEvents": True,
    }
    found = read(json.dumps({"durableTask": task}))

    assert found.flat == {
        "server.hubs": ("Orders",),
        "defaults.partitions": 2,
        "store.address": "env:Old",
        "store.tracking": "env:Track",
        "defaults.queue_encoding": "base64",
    }
    assert len(found.warnings) == 1
    assert found.warnings[0].startswith("host.json: durableTask.logReplayEvents: ")


def test_durable_functions_1_on_functions_2_has_its_settings_outside_the_provider() -> None:
    found = read(host({"partitionCount": 2, "eventGridTopicEndpoint": "https://x"}))

    assert found.flat == {"defaults.partitions": 2, "defaults.queue_encoding": "base64"}
    assert found.defaults["server.hubs"] == ("DurableFunctionsHub",)


def test_what_stands_outside_the_provider_is_not_taken_where_there_is_one() -> None:
    found = read(host({"partitionCount": 2, "storageProvider": {"partitionCount": 4}}))

    assert found.flat == {"defaults.partitions": 4}
    assert "its place is storageProvider" in found.warnings[0]


def test_a_section_at_the_top_does_not_count_for_version_2() -> None:
    found = read(json.dumps({"version": "2.0", "durableTask": {"hubName": "Orders"}}))

    assert found.flat == {}
    assert "belongs into extensions.durableTask" in found.warnings[0]


@pytest.mark.parametrize(
    ("bundle", "encoding"),
    [("[1.*, 2.0.0)", "base64"), ("[3.3.0, 4.0.0)", "base64"), ("[4.*, 5.0.0)", None)],
)
def test_an_old_bundle_reads_base64_only(bundle: str, encoding: str | None) -> None:
    text = host({"hubName": "Orders"}, extensionBundle={"version": bundle})

    assert read(text).flat.get("defaults.queue_encoding") == encoding


def test_app_settings_are_put_in_and_found_in_any_case() -> None:
    text = host({"hubName": "%PREFIX%Orders"})

    assert read(text, prefix="Test").flat["server.hubs"] == ("TestOrders",)


def test_an_app_setting_beats_the_file_and_is_named_as_the_origin() -> None:
    name = "AzureFunctionsJobHost__extensions__durableTask__storageProvider__partitionCount"
    text = host({"storageProvider": {"partitionCount": 2}})
    found = read(text, **{name: "5"})

    assert found.flat == {"defaults.partitions": 5}
    assert found.origins == {"defaults.partitions": name}
    with pytest.raises(BadSettingsFile) as raised:
        read(text, **{name: "50"})
    assert name in str(raised.value)
    assert "host.json" not in str(raised.value)


def test_a_connection_is_looked_for_as_a_functions_app_does() -> None:
    text = host({"storageProvider": {"connectionName": "Orders"}})

    def address(**app_settings: str) -> object:
        return read(text, **app_settings).flat["store.address"]

    assert address(Orders="a") == "env:Orders"
    assert address(Orders="a", AzureWebJobsOrders="b") == "env:AzureWebJobsOrders"
    assert address(Orders="a", AzureWebJobsOrders__accountName="b") == "env:AzureWebJobsOrders"
    assert address(ConnectionStrings__Orders="a") == "env:ConnectionStrings:Orders"
    assert address(CUSTOMCONNSTR_Orders="a") == "env:ConnectionStrings:Orders"
    assert address() == "env:Orders"


def test_what_is_not_said_is_as_durable_functions_does_without() -> None:
    found = read(
        host({}), AzureWebJobsStorage="UseDevelopmentStorage=true", WEBSITE_SITE_NAME="my-app.7"
    )

    assert found.flat == {}
    assert found.defaults == {
        "server.hubs": ("myapp7",),
        "store.address": "env:AzureWebJobsStorage",
        "store.app_name": "my-app.7",
    }
    assert read(host({})).defaults == {"server.hubs": ("TestHubName",)}


@pytest.mark.parametrize(
    ("task", "said"),
    [
        (
            {"extendedSessionsEnabled": True},
            "extensions.durableTask.extendedSessionsEnabled: workers",
        ),
        ({"tracing": {"traceReplayEvents": True}}, "tracing.traceReplayEvents: logs"),
        ({"notifications": {"eventGrid": {"keySettingName": "K"}}}, "keySettingName: no notif"),
        ({"appLeaseOptions": {"renewInterval": "00:00:20"}}, "renewInterval: the app lease"),
        ({"storageProvider": {"fetchLargeMessagesAutomatically": False}}, "always fetched"),
        ({"hubname2": "x"}, "did you mean extensions.durableTask.hubName?"),
        ({"storageProvider": {"partitonCount": 2}}, "did you mean extensions.durableTask.storageP"),
        (
            {"maxQueuePollingIntervall": "1"},
            "did you mean extensions.durableTask.storageProvider.m",
        ),
        ({"frobnicate": 1}, "there is no such key; docs/settings.md lists all"),
    ],
)
def test_what_has_no_meaning_here_is_named_in_one_line(task: dict[str, Any], said: str) -> None:
    (warning,) = read(host(task)).warnings

    assert said in warning
    assert warning.startswith("host.json: extensions.durableTask.")
    assert "\n" not in warning


def test_what_asks_for_what_is_done_anyway_is_not_warned_of() -> None:
    task = {
        "extendedSessionsEnabled": False,
        "useGracefulShutdown": True,
        "storeInputsInOrchestrationHistory": "False",
        "overridableExistingInstanceStates": "NonRunningStates",
        "appLeaseOptions": {"renewInterval": "00:00:25"},
        "tracing": None,
        "storageProvider": {"fetchLargeMessagesAutomatically": True},
    }
    assert read(host(task)).warnings == ()


def test_a_file_without_a_section_is_an_app_that_says_nothing() -> None:
    found = read('{"version": "2.0"}')

    assert found.flat == {}
    assert "there is no extensions.durableTask" in found.warnings[0]


PROVIDER = "extensions.durableTask.storageProvider"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ("[]", "expected an object"),
        (host({"storageProvider": {"type": "azureManaged"}}), "type: expected AzureStorage"),
        (
            host({"storageProvider": {"partitionCount": 17}}),
            f"{PROVIDER}.partitionCount: expected a whole number from 1 to 16, found 17",
        ),
        (host({"storageProvider": {"maxQueuePollingInterval": "soon"}}), '"00:00:30"'),
        (host({"storageProvider": {"maxQueuePollingInterval": 30}}), '"00:00:30"'),
        (host({"storageProvider": {"workItemQueueVisibilityTimeout": "24:00:00"}}), '"00:00:30"'),
        (host({"storageProvider": []}), "storageProvider: expected an object"),
        (host({"storageProvider": {"connectionName": "AccountKey=x"}}), "name of an app setting"),
        (
            host(
                {
                    "storageProvider": {
                        "useLegacyPartitionManagement": True,
                        "useTablePartitionManagement": True,
                    }
                }
            ),
            f"{PROVIDER}.useTablePartitionManagement is true as well",
        ),
        (host({"useAppLease": "perhaps"}), "useAppLease: expected true or false"),
        (host({"hubName": 7}), "a list of names"),
        (host({"hubName": "my-hub"}), "extensions.durableTask.hubName: not a task hub name"),
        (host({"hubName": "%HUB%"}), "the app setting HUB is not set"),
        (host({"maxConcurrentActivityFunctions": 0}), "from 1 to"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, said: str) -> None:
    with pytest.raises(BadSettingsFile) as raised:
        read(text)
    assert said in str(raised.value)
    assert "host.json" in str(raised.value)


def test_a_connection_string_where_a_name_belongs_is_not_shown() -> None:
    with pytest.raises(BadSettingsFile) as raised:
        read(host({"storageProvider": {"connectionName": "AccountName=a;AccountKey=c2VjcmV0"}}))
    assert "c2VjcmV0" not in str(raised.value)
