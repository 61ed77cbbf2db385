"""Large payloads: when a value moves to a blob, what the blob is called and holds; classic layout 3."""

import re
import zlib
from collections.abc import Mapping
from urllib.parse import quote, unquote

from durahub.classic.columns import Columns, Value
from durahub.classic.history_rows import BLOB_NAME
from durahub.classic.keys import escape
from durahub.errors import BadPayload
from durahub.model.history import EventType
from durahub.model.json_text import whole

MESSAGE_LIMIT = 46_080  # UTF-8 bytes of an envelope's JSON; strictly more goes to a blob
PROPERTY_LIMIT = 61_440  # UTF-16 bytes of a column; strictly more goes to a blob
LARGEST_PAYLOAD = 256 * 1024 * 1024  # bytes that a blob may unpack to
MOVABLE = (
    "Name",
    "Input",
    "Result",
    "Output",
    "Reason",
    "Details",
    "Correlation",
    "FailureDetails",
    "Tags",
)
"""The columns that may stand in a blob. A custom status may not: above 64 KiB no row can hold it."""

_ACCOUNT = re.compile(r"https?://[\w.\-:\[\]]+(/[a-z0-9-]+)?", re.ASCII)  # in an emulator a segment
_GZIP = 31  # zlib's window bits for gzip


def utf16_size(text: str) -> int:
    """Return the bytes of *text* in UTF-16, as .NET measures it."""
    return len(text.encode("utf-16-le", "surrogatepass"))


def is_large_message(json_text: str) -> bool:
    """Tell whether an envelope must stand in a blob."""
    return len(json_text) > MESSAGE_LIMIT or len(json_text.encode("utf-8")) > MESSAGE_LIMIT


def is_large_property(text: str) -> bool:
    """Tell whether a column's value must stand in a blob."""
    return 2 * len(text) > PROPERTY_LIMIT or (
        4 * len(text) > PROPERTY_LIMIT and utf16_size(text) > PROPERTY_LIMIT
    )


def large_columns(columns: Columns) -> dict[str, str]:
    """Return the columns whose values must stand in blobs, with these values."""
    return {
        name: value
        for name in MOVABLE
        if isinstance(value := columns.get(name), str) and is_large_property(value)
    }


def blob_columns(columns: Columns) -> dict[str, str]:
    """Return the columns whose values stand in blobs, with the blobs' names."""
    return {
        name.removesuffix(BLOB_NAME): str(value)
        for name, value in columns.items()
        if name.endswith(BLOB_NAME) and columns.get(name.removesuffix(BLOB_NAME)) in (None, "")
    }


def pack(text: str) -> bytes:
    """Return *text* as a blob's content: gzip without name and time."""
    compressor = zlib.compressobj(wbits=_GZIP)
    return compressor.compress(whole(text).encode("utf-8")) + compressor.flush()


def unpack(content: bytes, blob_name: str, limit: int = LARGEST_PAYLOAD) -> str:
    """Return the text in a blob's content. Raises `BadPayload`, also beyond *limit* bytes."""
    decompressor = zlib.decompressobj(wbits=_GZIP)
    try:
        data = decompressor.decompress(content, limit + 1)
        if len(data) > limit:
            raise BadPayload(blob_name, f"it unpacks to more than {limit} bytes")
        if not decompressor.eof:
            raise BadPayload(blob_name, "it is cut off")
        return data.decode("utf-8")
    except (zlib.error, UnicodeDecodeError) as error:
        raise BadPayload(blob_name, str(error)) from None


def message_blob(instance_id: str, activity_id: str, event_type: EventType) -> str:
    """Return the name of a message's blob; the folder is the *raw* ID of the target."""
    return f"{instance_id}/message-{activity_id.replace('-', '')}-{event_type.name}.json.gz"


def property_blob(instance_id: str, row_key: str, event_type: str, column: str, chance: int) -> str:
    """Return the name of a column's blob; *chance* is a random number below 2**31.

    A new instance row has an empty *row_key* and the column's own name for *event_type*.
    """
    return f"{escape(instance_id)}/history-{row_key}-{event_type}-{chance:08X}-{column}.json.gz"


def stored_name(blob_name: str) -> str:
    r"""Return the name by which storage lists a blob: it takes ``\`` in an address for ``/``.

    Only addresses are read so: the prefix of a listing is not. Message blobs of ``a\b`` lie under ``a/b/``.
    """
    return blob_name.replace("\\", "/")


def blob_url(container_url: str, blob_name: str) -> str:
    """Return the address of a blob as an instance row holds it, each segment percent-encoded."""
    return f"{container_url}/{'/'.join(quote(part, safe='') for part in blob_name.split('/'))}"


def blob_name_of(text: str, container_url: str) -> str | None:
    """Return the blob that *text* names, ``None`` if it is no address in this container.

    Old writers left the address unescaped or escaped it otherwise; `candidates` has both readings.
    """
    path = _path_within(text, container_url)
    return unquote(path) if path else None


def candidates(text: str, container_url: str) -> tuple[str, ...]:
    """Return the blob names that *text* may mean, the likelier first; empty if it is no address."""
    raw = _path_within(text, container_url)
    if not raw:
        return ()
    name = unquote(raw)
    return (name,) if raw == name else (name, raw)


def _path_within(text: str, container_url: str) -> str | None:
    """Return what follows the container in an address.

    The host may be another one: a writer has its own name for it, and a hub may have been copied. What
    is then read is in our account, whatever the address says.
    """
    prefix = f"{container_url}/"
    if text.startswith(prefix):
        return text[len(prefix) :]
    head, found, path = text.partition(f"/{container_url.rpartition('/')[2]}/")
    return path if found and _ACCOUNT.fullmatch(head) else None


def is_message_blob(blob_name: str) -> bool:
    """Tell whether a blob that an instance row names holds a whole start message."""
    return blob_name.endswith("ExecutionStarted.json.gz")


def folders(instance_id: str) -> tuple[str, ...]:
    """Return the prefixes under which an instance's blobs lie, with the slash that ends them."""
    return tuple(dict.fromkeys((f"{instance_id}/", f"{escape(instance_id)}/")))


def with_blobs(columns: Columns, blobs: Mapping[str, str]) -> dict[str, Value]:
    """Return a row whose *blobs* (column → blob name) stand outside."""
    kept: dict[str, Value] = dict(columns)
    for name, blob_name in blobs.items():
        kept[name] = ""
        kept[name + BLOB_NAME] = blob_name
    return kept
