import json

from hypothesis import given
from hypothesis import strategies as st

from durahub_migrate.lint.files.changing import removal, replacement
from durahub_migrate.lint.files.document import Document, Member, Node, Unknown
from durahub_migrate.lint.files.json_document import read_json
from durahub_migrate.lint.finding import Edit

HOST_JSON = """{
  // how the hub is called
  "version": "2.0",
  "extensions": {
    "durableTask": {
      "hubName": "Orders", // in production
      "storageProvider": { "type": "AzureStorage", "partitionCount": 8, },
      "hubName": "Twice"
    }
  },
}
"""


def test_values_are_found_in_any_case_and_with_their_places() -> None:
    document = read_json("host.json", HOST_JSON)
    assert document.problems == ()
    found = document.root.at("Extensions.DURABLETASK.storageProvider.partitioncount")
    assert found is not None
    assert (found.scalar, found.span.line, found.span.column) == (8, 7, 70)
    assert HOST_JSON.encode()[found.span.start : found.span.stop] == b"8"


def test_names_that_stand_there_twice_are_both_kept_and_the_last_one_counts() -> None:
    section = read_json("host.json", HOST_JSON).root.at("extensions.durableTask")
    assert section is not None
    assert [one.name for one in section.members] == ["hubName", "storageProvider", "hubName"]
    assert section.get("hubname") == section.members[-1].value


def test_columns_count_characters_and_offsets_bytes() -> None:
    text = '{"💰€": "é",\r\n "b": 1}'
    document = read_json("x.json", text)
    first, second = document.root.members
    assert (first.value.span.column, first.value.span.start) == (8, 12)
    assert (second.name_span.line, second.name_span.column) == (2, 2)
    assert text.encode()[second.name_span.start : second.name_span.stop] == b'"b"'


def test_a_byte_order_mark_is_no_mistake() -> None:
    document = read_json("x.json", '\ufeff{"a": 1}')
    assert document.problems == ()
    assert document.root.get("a") is not None


def test_what_is_broken_is_told_with_its_line_and_the_rest_is_read() -> None:
    document = read_json("x.json", '{\n  "a": 1\n  "b": {"c": 2},\n')
    ((sentence, span),) = document.problems
    assert sentence == "not JSON: Expecting ',' delimiter"
    assert (span.line, span.column) == (3, 3)
    assert document.root.at("b.c") is not None or document.root.get("a") is not None


def test_texts_that_are_no_json_at_all_have_a_problem_each() -> None:
    for text in ("", "   ", "hello", "{", '{"a": NaN}', "\0\1", '{"a": 1} {}', "[" * 5000, '"a'):
        assert read_json("x.json", text).problems, text


def test_values_too_deep_are_left_unread() -> None:
    document = read_json("x.json", "[" * 300 + "]" * 300)
    assert document.problems
    assert read_json("x.json", "[" * 199 + "]" * 199).problems == ()


def test_a_lone_surrogate_of_an_escape_becomes_a_character_that_can_be_printed() -> None:
    found = read_json("x.json", r'{"a": "\ud800"}').root.get("a")
    assert found is not None
    assert found.scalar == "\ufffd"


def test_a_comment_that_nobody_closes_takes_no_time() -> None:
    assert read_json("x.json", "/*" * 50_000).problems


def _applied(text: str, edits: tuple[Edit, ...]) -> str:
    data = text.encode()
    for edit in sorted(edits, key=lambda one: one.start, reverse=True):
        data = data[: edit.start] + edit.text.encode() + data[edit.stop :]
    return data.decode()


def _without(text: str, path: str) -> str:
    document = read_json("x.json", text)
    parent, _, name = path.rpartition(".")
    node = document.root.at(parent) if parent else document.root
    assert node is not None
    member = node.member(name)
    assert member is not None
    return _applied(text, removal(document, member))


def test_an_entry_goes_with_its_line_and_the_comment_behind_it() -> None:
    text = '{\n  "a": 1, // about a\n  "b": 2 // about b\n}\n'
    assert _without(text, "a") == '{\n  "b": 2 // about b\n}\n'
    assert _without(text, "b") == '{\n  "a": 1 // about a\n}\n'


def test_an_entry_among_others_of_its_line_goes_alone() -> None:
    assert _without('{ "a": 1, "b": 2 }', "a") == '{ "b": 2 }'
    assert _without('{ "a": 1, "b": 2 }', "b") == '{ "a": 1 }'
    assert _without('{ "a": 1 }', "a") == "{  }"
    assert _without('{"a": 1,"b": 2,}', "b") == '{"a": 1,}'


def test_line_ends_of_windows_stay() -> None:
    text = '{\r\n  "a": 1,\r\n  "b": 2\r\n}\r\n'
    assert _without(text, "a") == '{\r\n  "b": 2\r\n}\r\n'
    assert _without(text, "b") == '{\r\n  "a": 1\r\n}\r\n'


def test_comments_before_an_entry_stay() -> None:
    text = '{\n  "a": 1,\n  // the next\n  "b": 2\n}\n'
    assert json.loads(_without(text, "b").replace("// the next", "")) == {"a": 1}
    assert "// the next" in _without(text, "b")


def test_a_value_is_written_in_the_place_of_another() -> None:
    document = read_json("x.json", '{"type": "azure"}')
    node = document.root.get("type")
    assert node is not None
    assert _applied(document.text, replacement(document, node, "AzureStorage")) == (
        '{"type": "AzureStorage"}'
    )


def test_a_broken_file_is_never_edited() -> None:
    document = read_json("x.json", '{"a": 1, "b": 2')
    assert removal(document, document.root.members[0]) == ()


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
layouts = st.sampled_from([None, 0, 2, "\t"])


def _plain(node: Node) -> object:
    if node.kind == "object":
        return {one.name: _plain(one.value) for one in node.members}
    return [_plain(one) for one in node.items] if node.kind == "list" else node.scalar


def _all(node: Node) -> list[Node]:
    below = [one.value for one in node.members] + list(node.items)
    return [node, *(inner for one in below for inner in _all(one))]


def _members(node: Node) -> list[Member]:
    return [member for one in _all(node) for member in one.members]


@given(values, layouts, st.booleans())
def test_what_is_read_is_what_json_says(
    value: object, indent: int | str | None, is_ascii: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=is_ascii)
    document = read_json("x.json", text)
    assert document.problems == ()
    assert _plain(document.root) == value


@given(values, layouts)
def test_the_bytes_of_every_span_are_the_values_text(
    value: object, indent: int | str | None
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    for node in _all(read_json("x.json", text).root):
        bytes_of = text.encode()[node.span.start : node.span.stop].decode()
        assert json.loads(bytes_of) == _plain(node)
        lines = text.split("\n")
        before = "\n".join([*lines[: node.span.line - 1], ""]) if node.span.line > 1 else ""
        start = len(before) + node.span.column - 1
        assert text[start : start + len(bytes_of)] == bytes_of


@given(st.dictionaries(st.text(), values, min_size=1, max_size=4), layouts, st.data())
def test_json_without_an_entry_is_still_json(
    value: dict[str, object], indent: int | str | None, data: st.DataObject
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    document = read_json("x.json", text)
    member = data.draw(st.sampled_from(_members(document.root)))
    left = _plain(read_json("x.json", _applied(text, removal(document, member))).root)
    assert json.loads(_applied(text, removal(document, member))) == left
    if member in document.root.members:
        assert left == {name: inner for name, inner in value.items() if name != member.name}


@given(st.text(alphabet='{}[]",:1ab\\/*\n té💰\ufeff'))
def test_no_text_is_too_broken(text: str) -> None:
    document = read_json("x.json", text)
    assert isinstance(document, Document)
    for node in _all(document.root):
        assert 0 <= node.span.start <= node.span.stop <= len(text.encode())
        assert isinstance(node.scalar, (str, int, float, bool, Unknown, type(None)))
