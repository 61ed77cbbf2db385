"""The fields of the query language: what each is compared with, and by which relations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from durahub_migrate.monitor.query import Relation
from durahub_migrate.monitor.row import STATUSES, Kind

TEXT = "text"
"""The field of a bare word."""

TAG = "tag."
"""How the fields of tags begin; the tag's name follows."""


class Values(Enum):
    """What a field's values are."""

    EXACT = auto()  # an ID: case matters to ``:``
    PATTERN = auto()
    WORD = auto()
    TIME = auto()
    LENGTH = auto()  # of time
    NUMBER = auto()
    BYTES = auto()


_TEXTS = (Relation.EQUALS, Relation.CONTAINS)
_ORDERED = (Relation.LESS, Relation.AT_MOST, Relation.MORE, Relation.AT_LEAST)
_RELATIONS: Mapping[Values, tuple[Relation, ...]] = {
    Values.EXACT: _TEXTS,
    Values.PATTERN: _TEXTS,
    Values.WORD: (Relation.EQUALS,),
    Values.TIME: (Relation.EQUALS, *_ORDERED),
    Values.LENGTH: _ORDERED,
    Values.NUMBER: (Relation.EQUALS, *_ORDERED),
    Values.BYTES: _ORDERED,
}


@dataclass(frozen=True, slots=True)
class Field:
    """A field. *words* are all values it can have, folded, with what each stands for."""

    name: str
    values: Values
    about: str
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def relations(self) -> tuple[Relation, ...]:
        """The relations it can stand in."""
        return _RELATIONS[self.values]


def _words(*words: str) -> Mapping[str, str]:
    return {word.casefold(): word for word in words}


FIELDS: Mapping[str, Field] = {
    one.name: one
    for one in (
        Field("id", Values.EXACT, "the instance's ID"),
        Field("name", Values.PATTERN, "the orchestration's name, or the entity's"),
        Field("version", Values.PATTERN, "the orchestration's version"),
        Field(
            "status",
            Values.WORD,
            "a status, active or ended",
            _words(*STATUSES, "active", "ended"),
        ),
        Field(
            "kind", Values.WORD, "orchestration or entity", _words(*(kind.value for kind in Kind))
        ),
        Field("created", Values.TIME, "when it was created"),
        Field("updated", Values.TIME, "when its row changed last"),
        Field("completed", Values.TIME, "when it ended"),
        Field("scheduled", Values.TIME, "when it is to start"),
        Field("age", Values.LENGTH, "time since it was created"),
        Field("idle", Values.LENGTH, "time since its row changed"),
        Field("duration", Values.LENGTH, "from its creation to its end, or to now"),
        Field("custom", Values.PATTERN, "its custom status"),
        Field("output", Values.PATTERN, "its output"),
        Field("input", Values.PATTERN, "its input, where inputs are indexed"),
        Field("error", Values.PATTERN, "the output of one that failed"),
        Field("parent", Values.EXACT, "its parent's ID, or none"),
        Field("execution", Values.EXACT, "the execution's ID"),
        Field("partition", Values.NUMBER, "the number of its partition"),
        Field("generation", Values.NUMBER, "how often it was continued as new"),
        Field("size", Values.BYTES, "what it takes in storage"),
        Field("hub", Values.PATTERN, "the hub's key or name"),
        Field(
            "is",
            Values.WORD,
            "ended, active, entity, child, root, scheduled or locked",
            _words("ended", "active", "entity", "child", "root", "scheduled", "locked"),
        ),
    )
}
"""All fields by name, but those of tags."""

_TAGS = "a tag"
_TEXT = Field(TEXT, Values.PATTERN, "ID, name and texts")


def field_of(name: str) -> Field | None:
    """Return the field of that name, ``tag.NAME`` and `TEXT` too."""
    if name == TEXT:
        return _TEXT
    if name.startswith(TAG):
        return Field(name, Values.PATTERN, _TAGS)
    return FIELDS.get(name)
