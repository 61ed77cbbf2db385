"""The pages of rules: what ``durahub explain IDN501`` prints, and ``docs/rules/`` holds.

``python -m durahub_migrate.lint.pages docs/rules`` writes the folder; a test compares it with the rules.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from durahub_migrate.lint.facts.need import TOLD_BY
from durahub_migrate.lint.judging import judge_example
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rule_page import page_of_rule
from durahub_migrate.lint.rules import RULES
from durahub_migrate.lint.selection import PROFILES
from durahub_migrate.lint.unimplemented import UNIMPLEMENTED

FAMILIES = {
    "CFG": "host.json, app settings and packages",
    "HUB": "the structure of a hub",
    "RPL": "replay",
    "PAY": "payloads",
    "IDN": "identifiers, names and tags",
    "QUE": "queues, timers and messages",
    "ENT": "entities",
    "RET": "retention policies",
    "ARM": "Bicep and ARM templates",
    "PLN": "plans of a migration",
}
_MISSING = "not-implemented.md"


def page_of(code: str | None) -> str | None:
    """Return the page of a rule, Markdown; ``None`` if there is no such code. For ``None`` list them."""
    if code is None:
        return "\n".join(f"{rule.code}  {rule.message}" for rule in _sorted())
    wanted = code.upper()
    if wanted in UNIMPLEMENTED:
        missing = UNIMPLEMENTED[wanted]
        return f"# {wanted}: not implemented\n\nIt would check that {missing.checks}. It {missing.reason}."
    return next((_page(rule) for rule in RULES if rule.code == wanted), None)


def files() -> Mapping[str, str]:
    """Return the files of ``docs/rules`` by name."""
    pages = {f"{rule.code}.md": _page(rule) for rule in RULES}
    return {"README.md": _index(), _MISSING: _not_implemented(), **pages}


def _page(rule: Rule[Any]) -> str:
    page = page_of_rule(rule)
    parts = [
        f"# {rule.code}: {rule.message}",
        page.summary,
        _facts(rule),
        f"## Why it matters\n\n{_capital(page.why)}",
        f"## What to do\n\n{_capital(page.what_to_do)}",
    ]
    if page.when_to_ignore:
        parts.append(f"## When to ignore it\n\n{_capital(page.when_to_ignore)}")
    parts.append("## Examples\n\nFound:\n\n" + "\n".join(map(_example, rule.bad)))
    parts.append("Not found:\n\n" + "\n".join(map(_example, rule.good)))
    parts.append(f"## Source\n\n{rule.source}")
    return "\n\n".join(parts) + "\n"


def _facts(rule: Rule[Any]) -> str:
    needs = ", ".join(sorted(need.value for need in rule.needs)) or "nothing else"
    rows = {
        "severity": rule.severity.value,
        "confidence": rule.confidence.value,
        "profiles": _profiles(rule),
        "needs": needs,
        "fix": _fix(rule),
        "since": rule.since,
    }
    return "| | |\n| --- | --- |\n" + "\n".join(
        f"| {name} | {text} |" for name, text in rows.items()
    )


def _fix(rule: Rule[Any]) -> str:
    """Return what kind of fix the rule has, as it shows with its examples."""
    fixes = [one.fix for bad in rule.bad for one in judge_example(rule, bad) if one.fix is not None]
    if not fixes:
        return "by hand"
    if all(fix.safe for fix in fixes):
        return "`--fix`"
    unsafe = "`--fix --unsafe-fixes`"
    return f"`--fix`, sometimes {unsafe}" if any(fix.safe for fix in fixes) else unsafe


def _example(example: Example) -> str:
    text = example.text.strip("\n")
    if "\n" not in text and not text.lstrip().startswith(("{", "resource ")):
        return f"- {text}"
    language = "json" if text.lstrip().startswith("{") else ""
    return f"```{language}\n{text}\n```\n"


def _index() -> str:
    lines = [
        "# Rules of durahub lint",
        "",
        "Written by `python -m durahub_migrate.lint.pages docs/rules`; the texts stand with the rules. "
        "`durahub explain CODE` prints the same pages. How rules are selected and silenced: "
        "[lint](../lint.md). Rules that were considered and are not there: "
        f"[not implemented]({_MISSING}).",
    ]
    for family, about in FAMILIES.items():
        rules = [rule for rule in _sorted() if rule.code.startswith(family)]
        if rules:
            lines += [
                "",
                f"## {family}: {about}",
                "",
                "| code | severity | finds | profiles | fix |",
                "| --- | --- | --- | --- | --- |",
            ]
            lines += [
                f"| [{rule.code}]({rule.code}.md) | {rule.severity.value} | {_cell(rule.message)} | "
                f"{_profiles(rule)} | {_fix(rule)} |"
                for rule in rules
            ]
    lines += ["", *_of_the_plan()]
    return "\n".join(lines) + "\n"


def _profiles(rule: Rule[Any]) -> str:
    return ", ".join(name for name in PROFILES if name in rule.profiles)


def _of_the_plan() -> Iterator[str]:
    """Yield a table of what the settings of the target add."""
    yield "## What the plan adds"
    yield ""
    yield "These rules look at what you plan, and are not evaluated until you say it."
    yield ""
    yield "| said by | rules |"
    yield "| --- | --- |"
    for need, option in TOLD_BY.items():
        codes = [rule.code for rule in _sorted() if need in rule.needs]
        yield f"| `{option}` | {', '.join(f'[{code}]({code}.md)' for code in codes)} |"


def _not_implemented() -> str:
    lines = [
        "# Rules that are not implemented",
        "",
        "Their codes stay theirs: what is built later has the code that stands here.",
        "",
        "| code | would check that | is not there because it |",
        "| --- | --- | --- |",
    ]
    for code, missing in sorted(UNIMPLEMENTED.items()):
        lines.append(f"| {code} | {_cell(missing.checks)} | {_cell(missing.reason)} |")
    return "\n".join(lines) + "\n"


def _sorted() -> list[Rule[Any]]:
    return sorted(RULES, key=lambda rule: rule.code)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def write(folder: Path) -> None:
    """Write the pages, and take away those of rules that are not there any more."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = files()
    for old in folder.glob("*.md"):
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
