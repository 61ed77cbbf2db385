"""host.json: what of it counts, and what is wrong with it."""

import json
from typing import Any

import pytest

from durahub.configuration.host_json import read_host_json
from durahub.errors import BadSettingsFile


def host(task: dict[str, Any]) -> str:
    return json.dumps({"version": "2.0", "extensions": {"durableTask": task}})


def test_what_means_the_same_is_taken_and_the_rest_left_alone() -> None:
    text = host(
        {
            "hubName": "Orders",
            "maxConcurrentActivityFunctions": 10,
            "storageProvider": {
                "type": "AzureStorage",
                "connectionName": "MyStorage",
                "partitionCount": 8,
                "controlQueueVisibilityTimeout": "00:05:00",
                "maxQueuePollingInterval": "00:00:01.5",
                "leaseRenewInterval": "00:00:10",
            },
        }
    )

    assert read_host_json(text, "host.json", {}) == {
        "server.hubs": ("Orders",),
        "store.address": "env:MyStorage",
        "defaults.partitions": 8,
        "defaults.visibility": 300.0,
        "defaults.max_poll": 1.5,
    }


def test_names_are_found_in_any_case_and_comments_are_passed_over() -> None:
    text = """{
      // the team's
      "Extensions": {"DurableTask": {"HubName": "Orders", "StorageProvider": {"PartitionCount": 2}}}
    }"""

    assert read_host_json(text, "host.json", {}) == {
        "server.hubs": ("Orders",),
        "defaults.partitions": 2,
    }


def test_app_settings_are_put_in() -> None:
    text = host({"hubName": "%PREFIX%Orders"})

    assert read_host_json(text, "host.json", {"PREFIX": "Test"})["server.hubs"] == ("TestOrders",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ("[]", "extensions.durableTask: there is no such section"),
        ("{}", "extensions.durableTask: there is no such section"),
        (host({"storageProvider": {"type": "azureManaged"}}), "expected AzureStorage"),
        (
            host({"storageProvider": {"partitionCount": 17}}),
            "extensions.durableTask.storageProvider.partitionCount: expected a whole number",
        ),
        (host({"storageProvider": {"maxQueuePollingInterval": "soon"}}), '"00:00:30"'),
        (host({"storageProvider": []}), "storageProvider: expected an object"),
        (host({"hubName": 7}), "a list of names"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, said: str) -> None:
    with pytest.raises(BadSettingsFile) as raised:
        read_host_json(text, "host.json", {})
    assert said in str(raised.value)
