"""What is read of ARM templates."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub_migrate.lint.facts.files import FileProblem
from durahub_migrate.lint.facts.policies import PolicyFacts
from durahub_migrate.lint.facts.templates import TemplateFacts
from durahub_migrate.lint.files.arm_expressions import evaluate
from durahub_migrate.lint.files.computed import plain
from durahub_migrate.lint.files.document import Unknown
from durahub_migrate.lint.files.templates import facts_of_file
from tests.lint.templates.reading import facts_of, template

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


def arm(*resources: object, **more: object) -> str:
    return json.dumps({"$schema": SCHEMA, **more, "resources": list(resources)}, indent=2)


def one(kind: str, name: str, **more: object) -> dict[str, object]:
    return {"type": kind, "apiVersion": "2025-11-01", "name": name, **more}


def value(expression: str, **more: Any) -> object:
    (only,) = template(arm(one("A.B/c", "c", value=expression), **more), "main.json").resources
    found = only.look("value")
    assert found is not None
    return plain(found)


SCHEDULER = one(
    "Microsoft.DurableTask/schedulers",
    "[parameters('name')]",
    properties={"sku": {"name": "Consumption"}},
    resources=[one("taskHubs", "orders")],
)
POLICY = one(
    "Microsoft.DurableTask/schedulers/retentionPolicies",
    "[concat(parameters('name'), '/default')]",
    properties={"retentionPolicies": [{"retentionPeriodInDays": "[variables('days')]"}]},
)
GIVEN = {
    "parameters": {"name": {"type": "string", "defaultValue": "dts"}},
    "variables": {"days": 30},
}


def test_names_of_children_begin_with_those_of_their_parents() -> None:
    found = template(arm(SCHEDULER, POLICY, **GIVEN), "main.json").resources
    assert [(each.type.rpartition("/")[2], each.names) for each in found] == [
        ("schedulers", ("dts",)),
        ("taskHubs", ("dts", "orders")),
        ("retentionPolicies", ("dts", "default")),
    ]


def test_a_policy_finds_its_scheduler_by_name_and_a_number_by_its_variable() -> None:
    (policy,) = facts_of(PolicyFacts, arm(SCHEDULER, POLICY, **GIVEN), "main.json")
    assert (policy.sku, [entry.days for entry in policy.entries]) == ("Consumption", [30.0])


def test_a_parameters_file_comes_before_the_default() -> None:
    given_there = '{"parameters": {"name": {"value": "other"}}}'
    files = {"azuredeploy.parameters.json": given_there}
    (found,) = facts_of(TemplateFacts, arm(SCHEDULER, **GIVEN), "azuredeploy.json", files)
    assert found.resources[0].names == ("other",)
    assert found.resources[0].name is not None
    assert found.resources[0].name.file == "azuredeploy.parameters.json"


def test_resources_by_symbol_are_read_as_well() -> None:
    text = json.dumps(
        {"$schema": SCHEMA, "languageVersion": "2.0", "resources": {"dts": one("A.B/c", "x")}}
    )
    assert [each.key for each in template(text, "main.json").resources] == ["dts"]


def test_a_nested_deployment_has_its_own_parameters_with_the_inner_scope() -> None:
    inner = {
        "$schema": SCHEMA,
        "parameters": {"name": {"type": "string"}},
        "resources": [one("A.B/c", "[parameters('name')]")],
    }
    nested = one(
        "Microsoft.Resources/deployments",
        "n",
        properties={
            "expressionEvaluationOptions": {"scope": "inner"},
            "parameters": {"name": {"value": "[parameters('name')]"}},
            "template": inner,
        },
    )
    found = template(arm(nested, **GIVEN), "main.json").resources
    assert [each.names for each in found if each.kind == "a.b/c"] == [("dts",)]


def test_a_nested_deployment_takes_the_outer_values_otherwise() -> None:
    inner = {"resources": [one("A.B/c", "[parameters('name')]")], "parameters": {"name": {}}}
    nested = one("Microsoft.Resources/deployments", "n", properties={"template": inner})
    found = template(arm(nested, **GIVEN), "main.json").resources
    assert [each.names for each in found if each.kind == "a.b/c"] == [("dts",)]


def test_a_linked_template_is_unread() -> None:
    linked = one(
        "Microsoft.Resources/deployments",
        "l",
        properties={"templateLink": {"relativePath": "x.json"}},
    )
    assert [each.path for each in template(arm(linked), "main.json").unread] == ["x.json"]


def test_a_copy_is_declared_as_often_as_its_count() -> None:
    copied = one("A.B/c", "[concat('c', copyIndex(1))]", copy={"name": "x", "count": 2})
    found = template(arm(copied), "main.json").resources
    assert [each.names for each in found] == [("c1",), ("c2",)]
    unknown = one("A.B/c", "c", copy={"name": "x", "count": "[parameters('n')]"})
    assert [each.many for each in template(arm(unknown), "main.json").resources] == [True]


def test_a_condition_that_does_not_hold_declares_nothing() -> None:
    off = one("A.B/c", "c", condition="[equals(variables('days'), 7)]")
    assert list(template(arm(off, **GIVEN), "main.json").of_kind("a.b/c")) == []


def test_what_was_built_from_a_bicep_file_is_left_to_that() -> None:
    assert facts_of(TemplateFacts, arm(SCHEDULER, **GIVEN), "main.json", {"main.bicep": ""}) == []


@pytest.mark.parametrize(
    ("expression", "worth"),
    [
        ("[[not an expression]", "[not an expression]"),
        ("[concat('a', 'it''s')]", "ait's"),
        ("[format('{0}/{1}', 'a', 1)]", "a/1"),
        ("[variables('o').list[1].name]", "second"),
        ("[if(equals(variables('o').on, true()), 'yes', 'no')]", "yes"),
        (
            "[resourceId('A.B/c', 'd')]",
            "/subscriptions/{subscription}/resourceGroups/{group}/providers/A.B/c/d",
        ),
        ("[createObject('a', createArray(1, 2))]", {"a": [1, 2]}),
        ("[[x", "[[x"),
    ],
)
def test_expressions_are_worked_out(expression: str, worth: object) -> None:
    variables = {"o": {"on": True, "list": [{"name": "first"}, {"name": "second"}]}}
    assert value(expression, variables=variables) == worth


@pytest.mark.parametrize(
    "expression",
    [
        "[parameters('p')]",
        "[uniqueString('a')]",
        "[concat('a']",
        "[]",
        "[variables(variables('x'))]",
        "[a b]",
    ],
)
def test_what_cannot_be_worked_out_is_unknown(expression: str) -> None:
    assert isinstance(value(expression), Unknown)


def test_variables_that_need_each_other_are_unknown() -> None:
    both = {"a": "[variables('b')]", "b": "[concat(variables('a'), 'x')]"}
    assert isinstance(value("[variables('a')]", variables=both), Unknown)


def test_broken_json_is_told_with_its_place_and_the_rest_is_read() -> None:
    text = arm(SCHEDULER, POLICY, **GIVEN)
    broken = text.replace('"type": "string",', '"type": "string"')
    (problem,) = facts_of(FileProblem, broken, "main.json")
    assert problem.place.span is not None
    assert not template(broken, "main.json").whole


@given(st.text(alphabet="[]()'., {}abc01\\", max_size=40))
def test_no_expression_raises(text: str) -> None:
    def nothing(name: str, arguments: list[Any]) -> Any:
        raise LookupError(name)

    evaluate(f"[{text}]", nothing)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(
        [
            "[parameters('a')]",
            "[variables('a')]",
            "A.B/c",
            "[concat('a', copyIndex())]",
            "Microsoft.Resources/deployments",
        ]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "name",
                    "properties",
                    "template",
                    "resources",
                    "parameters",
                    "variables",
                    "a",
                    "copy",
                    "count",
                    "condition",
                    "scope",
                    "value",
                    "defaultValue",
                    "allowedValues",
                    "retentionPolicies",
                    "retentionPeriodInDays",
                    "orchestrationState",
                    "apiVersion",
                    "sku",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=40,
)


@given(VALUES)
def test_nothing_is_raised_whatever_a_template_holds(content: object) -> None:
    whole = content if isinstance(content, dict) else {"resources": content}
    text = json.dumps({"$schema": SCHEMA, **whole})
    list(facts_of_file("main.json", text, {"main.parameters.json": text}))
    list(facts_of_file("policy.json", json.dumps(content), {}))
