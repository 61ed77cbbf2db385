"""The table of parsers: every function of the product that decodes, and the targets whose corpus enters it.

A function counts as a parser by what it does: it calls something that decodes (``loads``, ``b64decode``,
``FromString``, ``fromisoformat`` …), or it is called like one (``parse``, ``decode``, ``read_…``). Whether a
target reaches it is not claimed but seen: the corpora are read, and what was entered is noted. A parser that
no target enters needs a reason below.
"""

import ast
import gc
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import FrameType

from tests.fuzz.corpus import corpus_of
from tests.fuzz.judging import judge
from tests.fuzz.target import Target

PACKAGES = ("durahub", "durahub_migrate")
DECODERS = frozenset(
    [
        "loads",
        "b64decode",
        "urlsafe_b64decode",
        "decompress",
        "decompressobj",
        "ParseFromString",
        "FromString",
        "MergeFromString",
        "ParseDict",
        "unpack_from",
        "fromisoformat",
        "strptime",
        "fromstring",
        "DictReader",
        "UUID",
        "parse_qs",
        "parse_qsl",
        "urlsplit",
        "urlparse",
        "unquote",
        "unquote_plus",
        "fromhex",
        "unhexlify",
        "safe_load",
        "literal_eval",
        "ZstdDecompressor",
        "get_unverified_header",
        "decode_complete",
        "ip_address",
        "ip_network",
        "parsedate_to_datetime",
        "raw_decode",
        "from_dict",
    ]
)
NAMES = re.compile(r"(parse|decode|read|from)(_|$)|(parsed|decoded|unescape|unescaped|unpack)$")
_MAY_DECODE = re.compile(
    rf"\bdef (?:parse|decode|read|from|unescape|unpack)|\b(?:{'|'.join(sorted(DECODERS))})\("
)

_OWN_FILE = "reads what this process, or an earlier one of it, wrote into its own file"
_OWN_NOTES = "reads back what a rule noted itself, in the linter's work file"
_OUR_TOOLS = "reads what comes with the package, or what a program of ours says of itself"
_DRIVER = "fetches; what it fetched is read by a parser that has a target"
_NO_PARSER = "is called like a parser, but decodes nothing"

MODULE_REASONS: Mapping[str, str] = {
    "durahub.local": _OUR_TOOLS,
    "durahub_migrate.assessment.hub_report": _OWN_NOTES,
    "durahub_migrate.assessment.notes": _OWN_NOTES,
    "durahub_migrate.assessment.reading": _OWN_NOTES,
    "durahub_migrate.bundle.spool": _OWN_FILE,
    "durahub_migrate.bundle.writer": _OWN_FILE,
    "durahub_migrate.lint.book": _OWN_NOTES,
    "durahub_migrate.lint.keeping": _OWN_NOTES,
    "durahub_migrate.lint.rules": _OWN_NOTES,
    "durahub_migrate.lint.work": _OWN_NOTES,
    "durahub_migrate.verifying.spool": _OWN_FILE,
}
"""Why no parser of a module, or of a package, needs a target."""

REASONS: Mapping[str, str] = {
    "durahub.authorization.provider_http:_object": "a JSON object; what is in it is read by others",
    "durahub.classic.importing:ClassicImporting.let_go": _OWN_FILE,
    "durahub.classic.importing:ClassicImporting.show_all": _OWN_FILE,
    "durahub.classic.account:Account.from_connection_string": _DRIVER,
    "durahub.classic.account:Account.place": "reads an address that the server itself asks",
    "durahub.classic.parts:assemble.make_guid": "makes a GUID of random bytes",
    "durahub.classic.request_counts:kind": "reads addresses that the server itself asks for",
    "durahub.classic.signing:_argument": "reads addresses that the server itself asks for",
    "durahub.classic.signing:_keyed": "the key was checked when the connection string was read",
    "durahub.classic.unreachable:why_unreachable": "reads addresses that the server itself asks for",
    "durahub.cli.hub_read:read": _NO_PARSER,
    "durahub.cli.running:_read": _OWN_FILE,
    "durahub.cli.text_file:read_text": "decodes UTF-8, and says so where it is none",
    "durahub.engine.state:read": _NO_PARSER,
    "durahub.edge.entity_work:guid": "a UUID of the standard library, or the text as it is",
    "durahub.edge.entity_events:_guid": "a UUID of the standard library, or none",
    "durahub.engine.numbering:RetriesAlike.read": _NO_PARSER,
    "durahub.scheduler.importing:written": _OWN_FILE,
    "durahub.scheduler.importing:withdraw": _OWN_FILE,
    "durahub.scheduler.proto_structures:parent.from_json": "beside an event; event-proto has it",
    "durahub_migrate.acting.jobs.job_rows:job_of": _OWN_FILE,
    "durahub_migrate.applying.job_rows:job_of": _OWN_FILE,
    "durahub_migrate.cli.batch_printing:as_json": "reads JSON that it has written one line before",
    "durahub_migrate.cli.lint_settings:read_settings": _DRIVER,
    "durahub_migrate.cli.monitor:_url": "reads the address that the monitor listens on",
    "durahub_migrate.endpoint.presenting:_host": "reads an address that hub-address has read",
    "durahub_migrate.endpoint.opening:_channel": "reads an address that hub-address has read",
    "durahub_migrate.lint.facts.scheduler_connection:SchedulerConnection.host": _NO_PARSER,
    "durahub_migrate.lint.sources.bundle:_History.read": _NO_PARSER,
    "durahub_migrate.lint.sources.scheduler:_History.read": _DRIVER,
    "durahub_migrate.lint.sources.walking:read_into": _DRIVER,
    "durahub_migrate.lint.target:Given.read_at": _NO_PARSER,
    "durahub_migrate.rehearsing.player:Frames.read": "reads what its own parent process writes",
    "durahub_migrate.rehearsing.player:_played": "reads what its own parent process writes",
    "durahub_migrate.rehearsing.playing:Player._read": "reads what its own child process writes",
    "durahub_migrate.rehearsing.playing:_response": "reads what its own child process writes",
    "durahub_migrate.targets.classic_hub:ClassicHubMover._let_go": _OWN_FILE,
    "durahub_migrate.targets.classic_hub:_told": _OWN_FILE,
    "durahub_migrate.targets.ghost.script:_Reading.read": _NO_PARSER,
    "durahub_migrate.tui.screens.acting:Doing._command": "reads what is typed; arguments have a target",
    "durahub_migrate.verifying.prints:Sketch.decoded": _OWN_FILE,
    "durahub_migrate.verifying.verdicts:Verdict.decoded": _OWN_FILE,
    "durahub_migrate.watching.sweeping:read_changes": _NO_PARSER,
    "durahub_migrate.web.answering:Answering.__init__": "reads a setting that monitor-file has read",
    "durahub_migrate.web.configuring.settings:MonitorSettings.web": "reads a setting of monitor-file",
    "durahub_migrate.web.files:Files.serve": "a path of the front end: only files that it lists are served",
    "durahub_migrate.web.who.oidc:authorization_url": "makes an address",
}
"""Why a parser needs no target: by its module and its name there."""


@dataclass(frozen=True, slots=True)
class Parser:
    """A function that decodes: its module, its name there, and the place of its code."""

    module: str
    name: str
    file: str
    line: int

    @property
    def key(self) -> str:
        """How it is named in reasons: ``durahub.model.ticks:parse``."""
        return f"{self.module}:{self.name}"

    @property
    def reason(self) -> str | None:
        """Why no target needs to enter it, ``None`` if one has to."""
        if self.key in REASONS:
            return REASONS[self.key]
        return next(
            (
                why
                for name, why in MODULE_REASONS.items()
                if f"{self.module}.".startswith(f"{name}.")
            ),
            None,
        )


@cache
def parsers() -> tuple[Parser, ...]:
    """Return all parsers of the product."""
    return tuple(one for module, file in modules() for one in parsers_in(module, file))


def modules() -> Iterator[tuple[str, Path]]:
    """Yield the modules of the product with their files; generated ones are left out."""
    for package in PACKAGES:
        spec = find_spec(package)
        assert spec is not None
        assert spec.origin is not None
        top = Path(spec.origin).parent
        for file in sorted(top.rglob("*.py")):
            if not file.name.endswith("_pb2.py"):
                parts = (package, *file.relative_to(top).with_suffix("").parts)
                yield ".".join(part for part in parts if part != "__init__"), file


def parsers_in(module: str, file: Path) -> Iterator[Parser]:
    """Yield the parsers in a file, those within classes and functions too."""
    text = file.read_text("utf-8")
    if _MAY_DECODE.search(text):  # or it is not worth the time
        yield from _in(ast.parse(text), (), module, str(file))


def _in(node: ast.AST, outer: tuple[str, ...], module: str, file: str) -> Iterator[Parser]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            inner = (*outer, child.name)
            if _is_parser(child):
                line = min([child.lineno, *(one.lineno for one in child.decorator_list)])
                yield Parser(module, ".".join(inner), file, line)
            yield from _in(child, inner, module, file)
        elif isinstance(child, ast.ClassDef):
            yield from _in(child, (*outer, child.name), module, file)
        else:
            yield from _in(child, outer, module, file)


def _is_parser(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if all(isinstance(one, ast.Expr | ast.Pass) for one in body):
        return False  # of a protocol: there is no code
    is_called_so = isinstance(function, ast.FunctionDef) and NAMES.match(function.name)
    return bool(is_called_so) or any(_decodes(one) for one in _own(function))


def _own(function: ast.AST) -> Iterator[ast.AST]:
    """Yield what is in a function, but for the functions within it."""
    for child in ast.iter_child_nodes(function):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield child
            yield from _own(child)


def _decodes(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name in DECODERS


def entered(targets: Iterable[Target]) -> dict[tuple[str, int], set[str]]:
    """Return the code that was entered while *targets* read their corpora: file and line, by whom."""
    found: dict[tuple[str, int], set[str]] = defaultdict(set)
    name = ""

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            found[frame.f_code.co_filename, frame.f_code.co_firstlineno].add(name)

    _forget_what_is_cached()
    for target in targets:
        name = target.name
        for data in corpus_of(name):
            sys.setprofile(note)
            try:
                judge(target, data)
            finally:
                sys.setprofile(None)
    return found


def _forget_what_is_cached() -> None:
    """Empty the caches of the product's functions: what is found there is not entered."""
    for one in gc.get_objects():
        if type(one) is type(parsers) and (one.__module__ or "").partition(".")[0] in PACKAGES:
            one.cache_clear()


def table(targets: Iterable[Target]) -> Iterator[str]:
    """Yield the table as lines of Markdown: parser, targets that enter it, what they may raise, callers."""
    known = {target.name: target for target in targets}
    seen = entered(known.values())
    users = importers()
    yield "| parser | targets | may raise | used by |"
    yield "| --- | --- | --- | --- |"
    for one in parsers():
        by = sorted(seen.get((one.file, one.line), ()))
        raises = sorted({kind.__name__ for name in by for kind in known[name].may_raise})
        reached = ", ".join(by[:4]) + (" …" if len(by) > 4 else "")
        where = sorted(users.get((one.module, one.name.partition(".")[0]), ()))
        callers = ", ".join(where[:3]) + (f" and {len(where) - 3} more" if len(where) > 3 else "")
        yield f"| {one.key} | {reached or one.reason or '**none**'} | {', '.join(raises)} | {callers} |"


def importers() -> dict[tuple[str, str], set[str]]:
    """Return the modules that import something, by module and name."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for module, file in modules():
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    found[node.module, alias.name].add(module)
    return found
