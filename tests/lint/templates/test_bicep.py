"""What is read of Bicep files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub_migrate.lint.facts.templates import Resource, TemplateFacts, TemplateProblem
from durahub_migrate.lint.files.bicep_syntax import Syntax, TooLong, parse, parsed
from durahub_migrate.lint.files.computed import plain
from durahub_migrate.lint.files.document import Node, Unknown
from durahub_migrate.lint.files.positions import Positions
from durahub_migrate.lint.files.templates import facts_of_file
from tests.lint.templates.reading import facts_of, resource, template

SCHEDULER = """
param location string
@allowed(['Consumption', 'Dedicated'])
param skuName string = 'Consumption'
param capacity int = 1
var prefix = 'dts'

resource scheduler 'Microsoft.DurableTask/schedulers@2025-11-01' = {
  name: '${prefix}-${toLower('ORDERS')}'
  location: location
  properties: {
    ipAllowlist: ['10.0.0.0/8']
    sku: skuName == 'Dedicated' ? {
      name: skuName
      capacity: capacity
    } : {
      name: skuName
    }
  }

  resource hub 'taskHubs' = {
    name: 'orders'
  }
}

resource retention 'Microsoft.DurableTask/schedulers/retentionPolicies@2026-02-01' = {
  parent: scheduler
  name: 'default'
  properties: {
    retentionPolicies: [
      { retentionPeriodInDays: 30 }
    ]
  }
}
"""


def value(expression: str, before: str = "") -> object:
    """Return what an expression is worth, after the declarations *before*."""
    text = f"{before}\nresource r 'A.B/c@2020-01-01' = {{\n  name: 'r'\n  value: {expression}\n}}\n"
    found = resource(text, "r").look("value")
    assert found is not None
    return plain(found)


def written_at(text: str, node: Node) -> str:
    return text.encode()[node.span.start : node.span.stop].decode()


def test_a_name_is_put_together_from_variables_and_functions() -> None:
    assert resource(SCHEDULER, "scheduler").names == ("dts-orders",)


def test_a_resource_within_another_has_its_type_version_and_name_from_there() -> None:
    hub = resource(SCHEDULER, "scheduler.hub")
    assert (hub.type, hub.api_version) == (
        "Microsoft.DurableTask/schedulers/taskHubs",
        "2025-11-01",
    )
    assert hub.names == ("dts-orders", "orders")


def test_a_parent_is_followed_by_its_symbol() -> None:
    assert resource(SCHEDULER, "retention").within == "scheduler"
    assert resource(SCHEDULER, "retention").names == ("dts-orders", "default")


def test_a_choice_is_made_by_the_default_of_a_parameter() -> None:
    assert plain(found(resource(SCHEDULER, "scheduler"), "properties.sku")) == {
        "name": "Consumption"
    }


def found(one: Resource, path: str) -> Node:
    node = one.look(path)
    assert node is not None
    return node


def test_a_parameters_file_comes_before_the_default() -> None:
    given_there = "using './main.bicep'\nparam skuName = 'Dedicated'\nparam capacity = 3\n"
    scheduler = resource(SCHEDULER, "scheduler", main__bicepparam=given_there)
    assert plain(found(scheduler, "properties.sku")) == {"name": "Dedicated", "capacity": 3}


def test_a_json_parameters_file_gives_what_azd_does_not_put_in_later() -> None:
    text = '{"parameters": {"capacity": {"value": 2}, "skuName": {"value": "${SKU}"}}}'
    scheduler = resource(SCHEDULER, "scheduler", main__parameters__json=text)
    assert isinstance(found(scheduler, "properties.sku").scalar, Unknown)


def test_two_parameters_files_make_two_templates_if_that_changes_anything() -> None:
    files = {
        "dev.bicepparam": "using 'main.bicep'\nparam capacity = 1\n",
        "prod.bicepparam": "using 'main.bicep'\nparam skuName = 'Dedicated'\n",
        "test.bicepparam": "using 'main.bicep'\nparam capacity = 1\n",
    }
    both = facts_of(TemplateFacts, SCHEDULER, beside=files)
    assert [one.parameters for one in both] == ["dev.bicepparam", "prod.bicepparam"]


def test_what_only_a_deployment_tells_is_unknown() -> None:
    assert isinstance(found(resource(SCHEDULER, "scheduler"), "location").scalar, Unknown)
    assert isinstance(value("utcNow()"), Unknown)
    assert isinstance(value("'a-${uniqueString('x')}'"), Unknown)


@pytest.mark.parametrize(
    ("expression", "worth"),
    [
        (r"'it\'s \${x} \u{1F600}\n'", "it's ${x} \U0001f600\n"),
        ("'''\nraw ${x}'''", "raw ${x}"),
        ("' '", " "),
        ("' ${1} ${2} '", " 1 2 "),
        ("-7", -7),
        ("1 + 2 * 3", 7),
        ("7 / 2 - 7 % 2", 2),
        ("2 > 1 && !(1 >= 2)", True),
        ("'A' =~ 'a'", True),
        ("1 == '1'", False),
        ("null ?? 'x'", "x"),
        ("empty('') ? [1, 2][1] : 0", 2),
        ("{ a: { b: 'c' } }.a.b", "c"),
        ("o.a == o.b ? o.a : o.c", 3),
        ("o.c == 3 || unknown", True),
        ("[for x in ['a', 'b']: '${x}!']", ["a!", "b!"]),
        ("[for (x, i) in ['a', 'b']: { n: '${i}${x}' }]", [{"n": "0a"}, {"n": "1b"}]),
        ("[for i in range(1, 3): if (i != 2) { n: i }]", [{"n": 1}, {"n": 3}]),
        ("format('{0}-{1}', 'a', 1)", "a-1"),
        ("join(concat(['a'], ['b']), ',')", "a,b"),
        ("union({ a: 1, b: { c: 1 } }, { b: { d: 2 } })", {"a": 1, "b": {"c": 1, "d": 2}}),
        ("{ ...o, d: 4 }", {"a": 1, "b": 2, "c": 3, "d": 4}),
        ("{\n ...o\n d: 4\n}", {"a": 1, "b": 2, "c": 3, "d": 4}),
        ("[\n 0\n ...[1, 2]\n 3\n]", [0, 1, 2, 3]),
        ("take('abcdef', 3)", "abc"),
        ("split('a,b;c', [',', ';'])", ["a", "b", "c"]),
        (
            "az.subscriptionResourceId('A.B/c', 'd')",
            "/subscriptions/{subscription}/providers/A.B/c/d",
        ),
    ],
)
def test_expressions_are_worked_out(expression: str, worth: object) -> None:
    assert value(expression, "var o = { a: 1, b: 2, c: 3 }") == worth


@pytest.mark.parametrize(
    "expression",
    [
        "unknown.a",
        "p",
        "'${p}'",
        "p ? 1 : 2",
        "o[p]",
        "o.z",
        "1 / 0",
        "substring('a', 5)",
        "v",
        "x => x",
    ],
)
def test_what_cannot_be_worked_out_is_unknown(expression: str) -> None:
    before = "param p bool\nvar o = { a: 1 }\nvar v = w\nvar w = v"
    assert isinstance(value(expression, before), Unknown)


def test_a_choice_between_equal_values_needs_no_decision() -> None:
    assert value("p ? 'x' : 'x'", "param p bool") == "x"


def test_a_module_is_read_with_what_is_passed_to_it() -> None:
    module = "param name string\nresource s 'A.B/c@1' = {\n name: name\n}\noutput called string = s.name\n"
    text = "module m 'm.bicep' = {\n params: { name: 'inner' }\n}\n"
    text += "resource r 'A.B/c@1' = {\n name: m.outputs.called\n}\n"
    whole = template(text, m__bicep=module)
    assert [(one.key, one.names, one.file) for one in whole.resources] == [
        ("m/s", ("inner",), "m.bicep"),
        ("r", ("inner",), "main.bicep"),
    ]


def test_a_module_says_nothing_by_itself_where_its_parent_is_there() -> None:
    parent = "module m './parts/m.bicep' = {\n name: 'm'\n}\n"
    files = {"main.bicep": parent}
    assert facts_of(TemplateFacts, SCHEDULER, "parts/m.bicep", files) == []
    assert facts_of(TemplateFacts, SCHEDULER, "parts/other.bicep", files) != []


def test_modules_that_are_not_there_are_named() -> None:
    text = "module a 'br/public:avm/res/x:0.1.0' = {\n name: 'a'\n}\nmodule b 'b.bicep' = {\n name: 'b'\n}\n"
    assert [one.path for one in template(text).unread] == ["br/public:avm/res/x:0.1.0", "b.bicep"]


def test_a_module_of_itself_is_not_followed() -> None:
    text = "module m 'main.bicep' = {\n name: 'm'\n}\n"
    assert template(text).unread != ()


def test_a_loop_over_known_values_declares_each() -> None:
    text = "var names = ['a', 'b']\nresource r 'A.B/c@1' = [for n in names: {\n name: n\n}]\n"
    assert [(one.key, one.names) for one in template(text).resources] == [
        ("r[0]", ("a",)),
        ("r[1]", ("b",)),
    ]


def test_a_loop_over_what_is_passed_declares_one_for_many() -> None:
    text = "param names array\nresource r 'A.B/c@1' = [for n in names: {\n name: n\n}]\n"
    (only,) = template(text).resources
    assert only.many


def test_a_condition_that_does_not_hold_declares_nothing() -> None:
    text = "param on bool = false\nresource r 'A.B/c@1' = if (on) {\n name: 'r'\n}\n"
    assert list(template(text).of_kind("a.b/c")) == []
    assert [one.condition for one in template(text).resources] == [False]


def test_values_have_the_span_of_what_is_written() -> None:
    scheduler = resource(SCHEDULER, "scheduler")
    assert written_at(SCHEDULER, found(scheduler, "properties.ipAllowlist")) == "['10.0.0.0/8']"
    assert written_at(SCHEDULER, found(scheduler, "properties.sku.name")) == "'Consumption'"
    assert SCHEDULER.encode()[scheduler.declared.start : scheduler.declared.stop] == (
        b"Microsoft.DurableTask/schedulers"
    )


@given(st.text(st.characters(exclude_characters="'\\$\r\n\x00", exclude_categories=["Cs"])))
def test_spans_are_exact_behind_any_text(text: str) -> None:
    whole = f"var a = '{text}' // {text}\nresource r 'A.B/c@1' = {{\n  name: '{text}'\n}}\n"
    name = resource(whole, "r").name
    assert name is not None
    assert name.scalar == text
    line = whole.split("\n")[name.span.line - 1]
    assert line[name.span.column - 1 : name.span.end_column - 1] == f"'{text}'"
    assert written_at(whole, name) == f"'{text}'"


def test_what_is_broken_is_told_with_its_place_and_the_rest_is_read() -> None:
    text = SCHEDULER.replace("  parent: scheduler", "  parent = = scheduler")
    problems = facts_of(TemplateProblem, text)
    assert problems
    assert all(one.place.span is not None for one in problems)
    assert resource(text, "scheduler").names == ("dts-orders",)
    assert not template(text).whole


def test_what_the_grammar_does_not_know_yet_is_no_problem() -> None:
    newer = (
        "extension microsoftGraphV1\n"
        "param a resourceInput<'A.B/c@2020-01-01'>.properties\n"
        "var t string = 'x'\n"
        "var m = $'''\nx ${t}\n'''\n"
        "var o = { ...a }\n"
    )
    assert facts_of(TemplateProblem, newer + SCHEDULER) == []


@pytest.mark.parametrize(
    "expression",
    [
        "resourceId('a')",
        "resourceId()",
        "replace(long, 'x', long)",
        "join([1, p], '')",
        "format('{9}', 1)",
    ],
)
def test_arguments_that_do_not_fit_give_unknown_values(expression: str) -> None:
    before = "param p object\nvar long = padLeft('', 9999, 'x')"
    assert isinstance(value(expression, before), Unknown)


def test_small_files_that_stand_for_huge_values_are_read_in_no_time() -> None:
    lines = ["var v0 = ['a', 'b']"]
    lines += [f"var v{n} = [v{n - 1}, v{n - 1}, '${{v{n - 1}[0]}}']" for n in range(1, 60)]
    lines += ["resource r 'A.B/c@1' = {\n name: 'r'\n value: union(v59, v58)\n}\n"]
    assert resource("\n".join(lines), "r").names == ("r",)


PIECES = st.sampled_from(
    [
        *SCHEDULER.split(),
        "{",
        "}",
        "[",
        "]",
        "'",
        "'''",
        "${",
        "...",
        "\n",
        "for",
        "if",
        "//",
        "/*",
        "module",
        "\\",
    ]
)


@given(st.lists(PIECES, max_size=60).map(" ".join))
def test_nothing_is_raised_whatever_the_file_holds(text: str) -> None:
    list(
        facts_of_file(
            "main.bicep", text, {"b.bicep": text, "a.bicepparam": "using 'main.bicep'" + text}
        )
    )
    list(facts_of_file("a.bicepparam", text, {}))


@given(st.integers(0, len(SCHEDULER)), st.integers(0, 40), st.text(max_size=5))
def test_nothing_is_raised_when_a_piece_is_missing(start: int, length: int, instead: str) -> None:
    list(facts_of_file("main.bicep", SCHEDULER[:start] + instead + SCHEDULER[start + length :], {}))


def test_a_file_that_takes_too_long_is_told_and_not_waited_for() -> None:
    at = Positions("{" * 5_000)
    with pytest.raises(TooLong):
        parsed(at.data, deadline=0.0)
    late = Syntax(parse("").root, at, frozenset(), frozenset(), too_long=True)
    assert [sentence for sentence, _ in late.mistakes()] == [
        "not read: it took longer than 15 seconds"
    ]
    assert not late.is_whole


def test_resources_within_each_other_without_end_are_read_as_far_as_types_go() -> None:
    text = (
        "resource a 'A.B/c@1' = {\n name: 'x'\n"
        + "resource b 'd' = {\n name: 'y'\n" * 1500
        + "}\n" * 1501
    )
    assert 1 < len(template(text).resources) < 100
