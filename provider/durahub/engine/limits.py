"""What a hub refuses to hold: the limits of the classic layout, or those of DTS beside them.

What clients send is refused; for what workers answer see `durahub.engine.limited_answers`. A large-payload
token (``blob:v1:…``) is a short text like any other.

Source: scheduler protocol 4.1; orchestration semantics 7.6. Payloads are measured in UTF-8 bytes.
"""

import json
from dataclasses import dataclass

from durahub.errors import BadInstanceId, BadSetting, OverLimit, TooLong, TooMany
from durahub.model.history import Tags

MIB = 1024 * 1024
LONGEST_NAME = 1_024
"""Characters of what names something: an orchestrator, an event, an operation, a version, a tag."""

MOST_TAGS = 256
"""Tags of an orchestration."""

ERROR_TYPE = "LimitExceeded"  # of the failures that take the place of answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of a hub; ``None`` is no limit beyond those of its store."""

    name: str
    payload_bytes: int | None = None
    id_characters: int = 256  # Durable Functions' limit, well within a table key
    printable_ids: bool = False
    tags_bytes: int | None = None
    silent_cleaning: bool = False  # how many entities were cleaned up is not told

    def check_instance_id(self, instance_id: str) -> None:
        """Raise `BadInstanceId` unless an orchestration may have this ID."""
        if not instance_id:
            raise BadInstanceId(instance_id, "it is empty")
        if instance_id.startswith("@"):
            raise BadInstanceId(instance_id, "it begins with @, as only entity IDs do")
        self._check_characters(instance_id)

    def check_entity_id(self, entity_id: str) -> None:
        """Raise `BadInstanceId` unless ``@name@key`` is short enough."""
        self._check_characters(entity_id)

    def _check_characters(self, text: str) -> None:
        if len(text) > self.id_characters:
            found = f"it has {len(text)} characters; the limit of this hub is {self.id_characters}"
            raise BadInstanceId(text, found)
        if self.printable_ids and not all(" " <= character <= "~" for character in text):
            raise BadInstanceId(text, "this hub takes printable ASCII characters only")

    def check_name(self, what: str, name: str | None) -> None:
        """Raise `TooLong` unless a name is short enough; *what* says what it names."""
        if name is not None and len(name) > LONGEST_NAME:
            raise TooLong(f"the name of {what}", len(name), LONGEST_NAME)

    def check_payload(self, what: str, text: str | None) -> None:
        """Raise `OverLimit` if a payload is too large; *what* names it without quoting it."""
        if self.payload_bytes is None or text is None or len(text) * 4 <= self.payload_bytes:
            return
        size = len(text.encode("utf-8", "surrogatepass"))
        if size > self.payload_bytes:
            raise OverLimit(what, size, self.payload_bytes)

    def check_tags(self, what: str, tags: Tags | None) -> None:
        """Raise `TooMany`, `TooLong` or, if they are too large as JSON, `OverLimit`."""
        if tags and len(tags) > MOST_TAGS:
            raise TooMany(f"tags of {what}", len(tags), MOST_TAGS)
        for name in dict(tags or {}):
            self.check_name(f"a tag of {what}", name)
        if self.tags_bytes is None or not tags:
            return
        text = json.dumps(dict(tags), ensure_ascii=False, separators=(",", ":"))
        size = len(text.encode("utf-8", "surrogatepass"))
        if size > self.tags_bytes:
            raise OverLimit(f"the tags of {what} as JSON", size, self.tags_bytes)


CLASSIC = Limits(name="classic")
DTS = Limits(
    name="dts",
    payload_bytes=MIB,
    id_characters=100,
    printable_ids=True,
    tags_bytes=1_000,
    silent_cleaning=True,
)
LIMITS = {limits.name: limits for limits in (CLASSIC, DTS)}


def limits_named(name: str) -> Limits:
    """Return the limits of that name. Raises `BadSetting`."""
    try:
        return LIMITS[name]
    except KeyError:
        raise BadSetting("limits", name, " or ".join(LIMITS)) from None
