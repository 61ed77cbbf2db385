"""What to do about rules that were not evaluated: what they look at, and how to give it to them."""

import shlex
from collections.abc import Iterator

from durahub_migrate.lint.facts.need import TOLD_BY, Need
from durahub_migrate.lint.reporting.results import Results
from durahub_migrate.lint.reporting.sentences import printable

_HUB = frozenset({Need.HUB, Need.INSTANCES, Need.HISTORY, Need.QUEUES})
_STORAGE = frozenset({Need.STORAGE, Need.LEASES, Need.BLOBS})
_APP = frozenset({Need.APP_FILES, Need.APP_SETTINGS})
_TEMPLATES = frozenset({Need.TEMPLATES, Need.POLICIES})
_PLAN = frozenset({Need.PLAN})


def ways(results: Results) -> Iterator[str]:
    """Yield a line for each way to have more rules evaluated, with the number of these rules.

    A rule that lacks several things is counted once: what could not be read comes first, then a hub, then
    files, then the plan.
    """
    refused = sum(rule.code in results.outcome.not_evaluated for rule in results.not_evaluated)
    if refused:
        yield f"{refused} could not be, for something was not read: it is named above"
    lacking = [
        results.outcome.missing[rule.code]
        for rule in results.not_evaluated
        if rule.code not in results.outcome.not_evaluated
    ]
    has_hub = not any(needs & _HUB for needs in lacking)
    sources = printable(shlex.join(results.sources))
    of_hub = _HUB if has_hub else _HUB | _STORAGE
    for about, said in (
        (of_hub, f"{{}} a hub: durahub lint {sources} azurite:HUB (or env:…, storage:…, a bundle)"),
        (_STORAGE, "{} what only a hub in Azure Storage has, or was left out of a sample"),
        (_APP, "{} an app: name the folder of its host.json and settings, too"),
        (_TEMPLATES, "{} templates or a retention policy: name their folder, too"),
        (_PLAN, "{} the plan of a move: name the file that durahub plan has written, too"),
    ):
        found = [needs for needs in lacking if needs & about]
        lacking = [needs for needs in lacking if not needs & about]
        if found:
            yield f"{len(found)} {said.format(_verb(len(found), 'look at'))}"
    if lacking:
        options = [TOLD_BY[need] for need in TOLD_BY if any(need in needs for needs in lacking)]
        yield f"{len(lacking)} {_verb(len(lacking), 'wait for')} what you plan: {', '.join(options)}"


def _verb(count: int, verb: str) -> str:
    first, rest = verb.split(" ", 1)
    return f"{first}s {rest}" if count == 1 else verb
