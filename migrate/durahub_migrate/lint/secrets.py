"""Hides what looks like a secret in what is said of files: somebody may have put one anywhere.

Known by what stands before it (``AccountKey=``, ``sig=``, ``Password=``, the user of a URL), or by its form:
keys of storage accounts are Base64. A password that stands alone looks like any other word.
"""

import re
from dataclasses import replace

from durahub_migrate.lint.finding import Finding
from durahub_migrate.lint.rule import Observation

HIDDEN = "…"
_NAMED = re.compile(
    r"""(?ix)
    ( (?<![a-z]) (?: (?:account|shared\ ?access|access)? \ ? key | sharedaccesssignature | sig
      | password | passwd | pwd | (?:client)?_?secret | token ) ["']? \s* =
    | [?&] code = ) \s*
    [^;&\s'",)\]}]+
    """
)
_USER = re.compile(rf"(://[^/\s:@]*:)(?!\d+(?:$|[^\w@]))[^/\s@]+(@|{HIDDEN}|$)")
_KEY = re.compile(
    rf"(?<![\w+/])(?=[\w+/]*[A-Z])(?=[\w+/]*[a-z])(?=[\w+/]*\d)[A-Za-z0-9+/]{{40,}}(?:={{1,2}}|{HIDDEN})"
)


def hidden(text: str) -> str:
    """Return *text* with a mark in the place of each secret: ``AccountKey=…``."""
    text = _NAMED.sub(rf"\1{HIDDEN}", text)
    text = _USER.sub(rf"\1{HIDDEN}@", text)
    return _KEY.sub(HIDDEN, text)


def without_secrets(finding: Finding) -> Finding:
    """Return a finding in a file as it may be kept and told. IDs in hubs are no secrets."""
    place = finding.place
    return replace(
        finding,
        place=replace(place, key=hidden(place.key), part=hidden(place.part)),
        detail=hidden(finding.detail),
        head=None if finding.head is None else hidden(finding.head),
        discriminator=hidden(finding.discriminator),
    )


def observed_without_secrets(observation: Observation) -> Observation:
    """Return what was observed in a file as it may be kept."""
    group, value = hidden(observation.group), hidden(observation.value)
    return replace(observation, group=group, value=value)
