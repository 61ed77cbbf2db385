"""Every fix of a rule about templates or policies gives a file that reads again without that finding."""

from typing import Any

import pytest

from durahub_migrate.lint.files.templates import facts_of_file
from durahub_migrate.lint.finding import Finding
from durahub_migrate.lint.judging import judge
from durahub_migrate.lint.rule import EXAMPLE_TIME, Rule
from durahub_migrate.lint.rules import arm, ret
from durahub_migrate.lint.target import Given, Target

GIVEN = Given(now=EXAMPLE_TIME, target=Target(production=False))

HEAD = """resource scheduler 'Microsoft.DurableTask/schedulers@2024-10-01-preview' = {
  name: 'dts' // ünïcödé
  properties: {
    ipAllowlist: ['10.0.0.0/8']
    sku: SKU
  }
}

resource policy 'Microsoft.DurableTask/schedulers/retentionPolicies@2024-10-01-preview' = {
  parent: scheduler
  name: 'weekly'
  properties: {
    retentionPolicies: POLICIES
  }
}
"""
ARM = """{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "resources": [
    {
      "type": "Microsoft.DurableTask/schedulers", "apiVersion": "2024-10-01-preview", "name": "dts",
      "properties": {"ipAllowlist": ["10.0.0.0/8"], "sku": SKU}
    },
    {
      "type": "Microsoft.DurableTask/schedulers/retentionPolicies",
      "apiVersion": "2024-10-01-preview", "name": "dts/weekly",
      "properties": {"retentionPolicies": POLICIES}
    }
  ]
}
"""
BICEP_CASES = [
    (
        "{ name: 'Consumption', capacity: 1 }",
        "[{ retentionPeriodInDays: 7, orchestrationState: 'failed' }]",
    ),
    ("{ capacity: 1, name: 'Consumption' }", "[]"),
    (
        "{\n      name: 'Consumption' // a\n      capacity: 1 // b\n    }",
        "[\n      {\n        retentionPeriodInDays: '7'\n"
        "        orchestrationState: 'Cancelled'\n      }\n    ]",
    ),
    (
        "{ name: 'Dedicated' }",
        "[\n\n      { retentionPeriodInDays: 7, orchestrationState: 'Complete' }\n    ]",
    ),
    ("{\n      name: 'Dedicated'\n    }", "[ ]"),
]
ARM_CASES = [
    (
        '{"name": "Consumption", "capacity": 1}',
        '[{"retentionPeriodInDays": "7", "orchestrationState": "failed"}]',
    ),
    ('{"capacity": 1, "name": "Consumption"}', "[]"),
    (
        '{"name": "Dedicated"}',
        '[\n  {"retentionPeriodInDays": 7, "orchestrationState": "Cancelled"}\n]',
    ),
]
FILES = [
    *(("main.bicep", HEAD.replace("SKU", sku).replace("POLICIES", p)) for sku, p in BICEP_CASES),
    *(("main.json", ARM.replace("SKU", sku).replace("POLICIES", p)) for sku, p in ARM_CASES),
    ("durahub.toml", '[defaults.retention]\ncancelled = "7d" # ü\n'),
    (
        "retention.json",
        '{"type": "Microsoft.DurableTask/schedulers/retentionPolicies", "name": "x",\n'
        ' "apiVersion": "2024-10-01-preview",\n'
        ' "properties": {"retentionPolicies": [{"retentionPeriodInDays": "07"}]}}',
    ),
    (
        "access.bicep",
        "module access 'br/public:avm/ptn/authorization/resource-role-assignment:0.1.1' = {\n"
        "  name: 'access'\n"
        "  params: { roleDefinitionId: 'Durable Task Scheduler Task Hub Contributor' }\n}\n",
    ),
]


def findings(path: str, text: str) -> list[Finding]:
    rules: list[Rule[Any]] = [*ret.RULES, *arm.RULES]
    return list(judge(rules, facts_of_file(path, text, {}), GIVEN))


def fixed(text: str, finding: Finding) -> str:
    assert finding.fix is not None
    data = text.encode()
    for edit in sorted(finding.fix.edits, key=lambda one: one.start, reverse=True):
        data = data[: edit.start] + edit.text.encode() + data[edit.stop :]
    return data.decode()


@pytest.mark.parametrize(("path", "text"), FILES)
def test_a_fix_removes_its_finding_and_brings_no_other(path: str, text: str) -> None:
    before = findings(path, text)
    fixable = [one for one in before if one.fix is not None]
    assert fixable
    codes = sorted(one.code for one in before)
    for finding in fixable:
        after = fixed(text, finding)
        left = sorted(one.code for one in findings(path, after))
        expected = list(codes)
        expected.remove(finding.code)
        assert left == expected, f"{finding.code}: {after}"


def test_all_fixes_the_catalogue_asks_for_are_there() -> None:
    offered = {
        one.code for path, text in FILES for one in findings(path, text) if one.fix is not None
    }
    assert offered >= {
        "RET801",
        "RET803",
        "RET805",
        "RET806",
        "RET812",
        "ARM904",
        "ARM907",
        "ARM910",
    }


@pytest.mark.parametrize(
    ("sku", "left"),
    [
        ("{ name: 'Consumption', capacity: 1 }", "{ name: 'Consumption' }"),
        ("{ capacity: 1, name: 'Consumption' }", "{  name: 'Consumption' }"),
        (
            "{\n  name: 'Consumption' // a\n  capacity: 1 // b\n}",
            "{\n  name: 'Consumption' // a\n}",
        ),
    ],
)
def test_a_property_goes_with_its_comma_or_its_line(sku: str, left: str) -> None:
    text = HEAD.replace("SKU", sku).replace("POLICIES", "[]")
    (capacity,) = [one for one in findings("main.bicep", text) if one.code == "ARM904"]
    assert fixed(text, capacity) == text.replace(sku, left)


def test_what_an_expression_gives_is_not_written_anew() -> None:
    text = HEAD.replace("SKU", "{ name: 'Dedicated', capacity: 1 }").replace(
        "POLICIES",
        "[{ retentionPeriodInDays: 7, orchestrationState: '${p}ed' }, { retentionPeriodInDays: 7 }]",
    )
    (state,) = [
        one for one in findings("main.bicep", "var p = 'fail'\n" + text) if one.code == "RET803"
    ]
    assert state.fix is None


def test_what_a_parameters_file_gives_is_corrected_there() -> None:
    text = "param state string\n" + HEAD.replace("SKU", "{ name: 'Consumption' }").replace(
        "POLICIES", "[{ retentionPeriodInDays: 7, orchestrationState: state }]"
    )
    parameters = "using 'main.bicep'\nparam state = 'failed'\n"
    facts = facts_of_file("main.bicep", text, {"main.bicepparam": parameters})
    (state,) = [one for one in judge(ret.RULES, facts, GIVEN) if one.code == "RET803"]
    assert (state.place.source, state.fix and state.fix.file) == ("main.bicepparam",) * 2
    assert fixed(parameters, state) == parameters.replace("failed", "Failed")


def test_what_is_passed_to_a_module_is_corrected_where_it_is_passed() -> None:
    module = "param days int\nparam entries array\n" + HEAD.replace(
        "SKU", "{ name: 'Consumption' }"
    )
    module = module.replace("POLICIES", "concat([{ retentionPeriodInDays: days }], entries)")
    text = "module m 'm.bicep' = {\n  params: {\n    days: 91\n    entries: []\n  }\n}\n"
    facts = facts_of_file("main.bicep", text, {"m.bicep": module})
    (bounds,) = [one for one in judge(ret.RULES, facts, GIVEN) if one.code == "RET802"]
    assert bounds.place.source in ("main.bicep", "m.bicep")
