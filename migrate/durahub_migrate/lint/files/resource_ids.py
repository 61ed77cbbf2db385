"""IDs of resources, as ``resourceId`` and its kin make them.

``{subscription}`` and ``{group}`` stand in the places of what only a deployment tells.
"""

from collections.abc import Callable
from typing import Any


def id_of(scope: str) -> Callable[..., str]:
    """Return the function that makes IDs below a *scope*; it raises where parts do not fit together."""

    def identifier(*parts: Any) -> str:
        texts = [part for part in parts if isinstance(part, str)]
        types_at = [i for i, text in enumerate(texts) if "/" in text and not text.startswith("/")]
        at = types_at[0]
        kind, names = texts[at], texts[at + 1 :]
        namespace, *types = kind.split("/")
        if len(types) != len(names) or len(texts) != len(parts):
            raise ValueError
        prefix = texts[0].rstrip("/") if at and scope == "extension" else _SCOPES[scope]
        pairs = "/".join(f"{one}/{name}" for one, name in zip(types, names, strict=True))
        return f"{prefix}/providers/{namespace}/{pairs}"

    return identifier


_SCOPES = {
    "group": "/subscriptions/{subscription}/resourceGroups/{group}",
    "subscription": "/subscriptions/{subscription}",
    "tenant": "",
    "extension": "{scope}",
}
