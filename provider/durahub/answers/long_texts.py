"""Long texts in answers: their length, digest and beginning stand for them.

So two readings of a hub can be compared line by line, whatever its payloads are.
"""

import hashlib
from typing import Any

from durahub.model.json_text import whole

LONGEST = 4096  # characters
START = 40  # characters that are shown of a longer text


def shortened(value: Any) -> Any:
    """Return a JSON value with ``{"$length", "$sha256", "$start"}`` for each text that is too long.

    Lengths are in characters, the digest is that of the UTF-8.
    """
    match value:
        case str() if len(value) > LONGEST:
            digest = hashlib.sha256(whole(value).encode()).hexdigest()
            return {"$length": len(value), "$sha256": digest, "$start": value[:START]}
        case dict():
            return {name: shortened(one) for name, one in value.items()}
        case list():
            return [shortened(one) for one in value]
    return value
