"""Texts that may stand nowhere, and the search for them in every form in which they could.

A canary is made anew for each run, so that none is found in a file that has always been there.
"""

import base64
import json
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote


def canary(name: str) -> str:
    """Return a text that is found by no accident; no form of it is split by a quote or an escape."""
    return f"canary-{name}-{secrets.token_hex(9)}"


def forms(text: str) -> Iterator[bytes]:
    """Yield what a text becomes on its ways: itself, percent-encoded, in JSON, in Base64 at each offset."""
    raw = text.encode()
    yield raw
    yield quote(text, safe="").encode()
    yield json.dumps(text)[1:-1].encode()
    yield text[::-1].encode()
    yield raw.hex().encode()
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + raw)
        inner = whole[4 if shift else 0 : -4]  # what does not depend on the neighbours
        yield inner
        yield inner.translate(bytes.maketrans(b"+/", b"-_"))


def found_in(content: bytes, canaries: Mapping[str, str]) -> list[str]:
    """Return the names of the canaries that are in *content*, in any form."""
    folded = content.lower()
    return [
        name
        for name, text in canaries.items()
        if any(form.lower() in folded for form in forms(text))
    ]


def found_below(folder: Path, canaries: Mapping[str, str]) -> list[str]:
    """Return ``file: canary`` for each that stands in a file of *folder*."""
    return [
        f"{path.relative_to(folder)}: {name}"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for name in found_in(path.read_bytes(), canaries)
    ]
