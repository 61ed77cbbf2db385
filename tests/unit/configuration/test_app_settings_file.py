"""Files with app settings, in the forms in which apps and tools have them."""

import json

import pytest

from durahub.configuration.app_settings_file import read_app_settings
from durahub.configuration.default_hub import default_hub
from durahub.errors import BadSettingsFile


def test_local_settings_have_values_and_connection_strings() -> None:
    text = """{ "IsEncrypted": false,
      "Values": {"FUNCTIONS_WORKER_RUNTIME": "python", "N": 3, "B": true},
      "ConnectionStrings": {"Orders": "UseDevelopmentStorage=true"}, } // local"""

    assert read_app_settings(text, "local.settings.json") == {
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "N": "3",
        "B": "true",
        "ConnectionStrings:Orders": "UseDevelopmentStorage=true",
    }


def test_a_plain_object_and_a_list_of_names_and_values_are_taken_too() -> None:
    assert read_app_settings('{"A": "1"}', "f") == {"A": "1"}
    listed = json.dumps([{"name": "A", "slotSetting": False, "value": "1"}])
    assert read_app_settings(listed, "f") == {"A": "1"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x", "not JSON"),
        ("7", "expected an object"),
        ('{"IsEncrypted": true, "Values": {}}', "func settings decrypt"),
        ('{"Values": []}', "Values: expected an object"),
        ('{"A": {"key": "c2VjcmV0"}}', "A: expected a text"),
        ('[{"value": "c2VjcmV0"}]', "[0]: expected"),
    ],
)
def test_what_is_wrong_is_said_without_a_value(text: str, said: str) -> None:
    with pytest.raises(BadSettingsFile) as raised:
        read_app_settings(text, "settings.json")
    assert said in str(raised.value)
    assert "c2VjcmV0" not in str(raised.value)


@pytest.mark.parametrize(
    ("site", "hub"),
    [
        (None, "TestHubName"),
        ("", "TestHubName"),
        ("my-app", "myapp"),
        ("7app", "t7app"),
        ("-", "DefaultTaskHub"),
        ("a", "aHub"),
        ("a" * 60, "a" * 45),
    ],
)
def test_an_app_that_names_no_hub_has_the_one_of_its_site(site: str | None, hub: str) -> None:
    assert default_hub(site, is_1x=False) == hub
    assert default_hub(site, is_1x=True) == "DurableFunctionsHub"
