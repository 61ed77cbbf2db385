"""Policies as Azure Resource Manager has them."""

import json
from typing import Any

import pytest

from durahub.configuration.retention_policy import DAY, read_policy
from durahub.errors import BadSettingsFile
from durahub.model.history import Status

POLICIES: list[dict[str, Any]] = [
    {"retentionPeriodInDays": 30},
    {"retentionPeriodInDays": 7, "orchestrationState": "Completed"},
    {"retentionPeriodInDays": 0, "orchestrationState": "Canceled"},
]


@pytest.mark.parametrize(
    "content",
    [
        {
            "type": "Microsoft.DurableTask/schedulers/retentionPolicies",
            "name": "s/default",
            "properties": {"retentionPolicies": POLICIES},
        },
        {"properties": {"retentionPolicies": POLICIES}},
        {"retentionPolicies": POLICIES},
        POLICIES,
    ],
)
def test_the_resource_its_properties_and_the_bare_list_mean_the_same(content: Any) -> None:
    policy = read_policy(json.dumps(content), "policy.json")

    assert policy.period(Status.Completed) == 7 * DAY
    assert policy.period(Status.Canceled) == 0
    assert policy.period(Status.Failed) == 30 * DAY


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not JSON"),
        ("{}", "expected a list"),
        ("[7]", "retentionPolicies[0]: expected an object"),
        ('[{"orchestrationState": "Failed"}]', "found None"),
        ('[{"retentionPeriodInDays": 91}]', "from 0 to 90, found 91"),
        ('[{"retentionPeriodInDays": true}]', "found True"),
        ('[{"retentionPeriodInDays": "7"}]', "found '7'"),
        ('[{"retentionPeriodInDays": 7, "orchestrationState": "Running"}]', "Completed"),
        ('[{"retentionPeriodInDays": 7, "orchestrationState": []}]', "found []"),
        ('[{"retentionPeriodInDays": 7}, {"retentionPeriodInDays": 8}]', "[1]: a second policy"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(content: str, said: str) -> None:
    with pytest.raises(BadSettingsFile) as raised:
        read_policy(content, "policy.json")
    assert said in str(raised.value)
