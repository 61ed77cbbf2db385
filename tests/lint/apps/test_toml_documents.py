from hypothesis import given
from hypothesis import strategies as st

from durahub_migrate.lint.files.toml_document import read_toml

TEXT = '''# an app
[project]
requires-python = ">=3.10" # why
dependencies = [
  "azure-functions",   # x "y"
  'azure-functions-durable>=1.2',
]
a.b."c d" = 1
[[x.y]]
n = 1
[[x.y]]
n = 2
s = """
n = 3
"""
'''


def test_keys_and_values_have_the_places_where_they_stand() -> None:
    root = read_toml("pyproject.toml", TEXT).root
    found = root.at("project.requires-python")
    assert found is not None
    assert (found.span.line, found.span.column, found.span.end_column) == (3, 19, 27)
    listed = root.at("project.dependencies")
    assert listed is not None
    assert [(one.scalar, one.span.line) for one in listed.items] == [
        ("azure-functions", 5),
        ("azure-functions-durable>=1.2", 6),
    ]


def test_elements_of_a_list_of_tables_have_places_of_their_own() -> None:
    listed = read_toml("durahub.toml", TEXT).root.at("x.y")
    assert listed is not None
    numbers = [one.get("n") for one in listed.items]
    assert [(one.scalar, one.span.line) for one in numbers if one] == [(1, 10), (2, 12)]


def test_a_broken_file_is_told_with_its_line() -> None:
    document = read_toml("durahub.toml", "a = 1\nb = \n")
    ((sentence, span),) = document.problems
    assert sentence.startswith("not TOML: ")
    assert span.line == 2


def test_a_byte_order_mark_is_no_mistake() -> None:
    assert read_toml("durahub.toml", "\ufeffa = 1\r\n").problems == ()


@given(st.text(alphabet="[]{}.=\"'#a1\n, "))
def test_no_text_is_too_broken(text: str) -> None:
    assert read_toml("x.toml", text).text == text
