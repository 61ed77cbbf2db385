r"""JSON as Newtonsoft writes it, and a parser that cannot be talked into anything.

No spaces; escaped are ``"``, ``\\``, U+0000-U+001F, U+0085, U+2028 and U+2029, with lower-case hex. So
far this is what .NET writes; U+FFFE, U+FFFF and halves of surrogate pairs are escaped as well, because
the queue service answers in XML, which cannot hold them: a message with one could never be received.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from durahub.errors import BadMessage

_ESCAPED = re.compile("[\u0085\u2028\u2029\ufffe\uffff\ud800-\udfff]")


def write(value: Any) -> str:
    """Return *value* as JSON text; members stand in the order of the mapping."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def read_object(text: str) -> dict[str, Any]:
    """Return the object in *text*. Raises `BadMessage` if it is none."""
    try:
        value = json.loads(text)
    except RecursionError:
        raise BadMessage("the JSON is nested too deeply") from None
    except ValueError as error:
        raise BadMessage(f"not JSON: {error}") from None
    if not isinstance(value, dict):
        raise BadMessage(f"a JSON {type(value).__name__} where an object belongs")
    return value


def member(json_object: Mapping[str, Any], name: str) -> Any:
    """Return a member, its name in any case as .NET reads it; ``None`` if absent."""
    if name in json_object:
        return json_object[name]
    folded = name.casefold()
    for found, value in json_object.items():
        if found.casefold() == folded:
            return value
    return None
