"""XML as project files have it: elements with their places. A file's own entities are refused."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from durahub_migrate.lint.files.positions import Positions
from durahub_migrate.lint.place import Place, PlaceKind, Span

_DEEPEST = 200
_ATTRIBUTE = re.compile(rb"""\s([A-Za-z]\w*)\s*=\s*(["'])(.*?)\2""", re.DOTALL)


@dataclass(slots=True)
class Element:
    """An element. Names are without namespace; *span* is that of its start tag.

    *values* are the spans of its attributes' values, without their quotes.
    """

    name: str
    attributes: dict[str, str]
    span: Span
    values: dict[str, Span] = field(default_factory=dict)
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def all(self, name: str) -> Iterator["Element"]:
        """Yield this element and those below that are called *name*, in any case."""
        if self.name.lower() == name.lower():
            yield self
        for child in self.children:
            yield from child.all(name)

    def get(self, name: str) -> str | None:
        """Return the attribute *name*, else the text of the child called so, in any case."""
        for attribute, value in self.attributes.items():
            if attribute.lower() == name.lower():
                return value.strip()
        found = [one.text for one in self.children if one.name.lower() == name.lower()]
        return found[-1].strip() if found else None


@dataclass(frozen=True, slots=True)
class XmlDocument:
    """An XML file; *problems* as of `Document`. What stands before a mistake is read."""

    path: str
    root: Element
    problems: tuple[tuple[str, Span], ...] = ()

    def place(self, element: Element | None = None, key: str = "") -> Place:
        """Return the place of *element*, of the file without one."""
        span = element.span if element is not None else None
        return Place(source=self.path, kind=PlaceKind.FILE, key=key, span=span)


class _Refused(Exception):
    pass


def read_xml(path: str, text: str) -> XmlDocument:
    """Return the elements in *text*."""
    at = Positions(text)
    root = Element("", {}, at.span(0, 0))
    open_elements = [root]
    # The text is decoded, whatever its declaration says of an encoding.
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(open_elements) > _DEEPEST:
            raise _Refused(f"not read: more than {_DEEPEST} elements within each other")
        begin = parser.CurrentByteIndex
        end = at.data.find(b">", begin) + 1 or len(at.data)
        local = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        values = {
            found[1].decode(): at.span(*found.span(3))
            for found in _ATTRIBUTE.finditer(at.data, begin, end)
        }
        element = Element(name.rpartition(":")[2], local, at.span(begin, end), values)
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def stop(_: str) -> None:
        open_elements.pop()

    def words(found: str) -> None:
        open_elements[-1].text += found

    def entity(*_: object) -> None:
        raise _Refused("not read: it declares entities")

    parser.StartElementHandler = start
    parser.EndElementHandler = stop
    parser.CharacterDataHandler = words
    parser.EntityDeclHandler = entity
    problems = []
    try:
        parser.Parse(at.data, True)
    except expat.ExpatError as error:
        sentence = expat.ErrorString(error.code) or "not well-formed"
        problems.append((f"not XML: {sentence}", at.span_of_line(error.lineno)))
    except _Refused as refused:
        problems.append((str(refused), at.span_of_line(parser.CurrentLineNumber)))
    top = root.children[0] if root.children else root
    return XmlDocument(path, top, tuple(problems))
