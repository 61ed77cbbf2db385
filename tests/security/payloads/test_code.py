"""Nothing in the product runs what it reads: held by its syntax trees, file by file."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FILES = sorted(
    path
    for folder in ("provider", "migrate/durahub_migrate")
    for path in (ROOT / folder).rglob("*.py")
    if not path.name.endswith("_pb2.py")  # generated: its calls of globals() build messages
)

FORBIDDEN_MODULES = frozenset(
    {"pickle", "cPickle", "dill", "shelve", "marshal", "jsonpickle", "yaml", "telnetlib", "xmlrpc"}
)
FORBIDDEN_CALLS = frozenset({"eval", "exec", "compile", "__import__", "execfile", "globals"})
FORBIDDEN_ATTRIBUTES = frozenset(
    {
        "os.system",
        "os.popen",
        "os.execv",
        "os.execvp",
        "os.spawnl",
        "tempfile.mktemp",
        "subprocess.getoutput",
    }
)
IMPORTS_BY_NAME = {
    "provider/durahub/cli/added.py": "entry points of installed packages",
    "migrate/durahub_migrate/rehearsing/player.py": "the user's own app, which the command line names",
    "migrate/durahub_migrate/monitor/exporting/parquet_file.py": "constants: an extra",
    "migrate/durahub_migrate/tui/installed.py": "a constant: an extra that may not be installed",
    "migrate/durahub_migrate/views/parquet.py": "constants: an extra that may not be installed",
    "migrate/durahub_migrate/web/redacting.py": "the user's own redactor, which the settings file names",
}
"""Where a module is imported by a name that is computed, and where the name comes from."""

SUBPROCESSES = {
    "migrate/durahub_migrate/applying/hooks.py": "commands of the user's own, which the command line names",
    "migrate/durahub_migrate/rehearsing/playing.py": "this Python, with a module of ours",
    "provider/durahub/local/child.py": "servers and Azurite, whose commands are made here",
    "provider/durahub/local/install.py": "npm",
    "provider/durahub/local/node.py": "node",
}
"""Where a process is started, and which. A shell reads hooks alone; they are told by variables."""


def problems(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (
                    f"import {one.name}" for one in names if top(one.name) in FORBIDDEN_MODULES
                )
            case ast.ImportFrom(module=str() as module) if top(module) in FORBIDDEN_MODULES:
                yield f"from {module}"
            case ast.Call(func=ast.Name(id=name)) if name in FORBIDDEN_CALLS:
                yield f"{name}()"
            case ast.Call(func=ast.Attribute()):
                if called(node) in FORBIDDEN_ATTRIBUTES:
                    yield f"{called(node)}()"
        if isinstance(node, ast.keyword) and node.arg == "shell":
            yield "shell="


def top(module: str) -> str:
    return module.partition(".")[0]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.AST:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_no_module_runs_what_it_reads() -> None:
    assert {named(path): found for path in FILES if (found := list(problems(tree_of(path))))} == {}


def using(*words: str) -> set[str]:
    """Return the files that call something of these names, with dots or without."""
    return {
        named(path)
        for path in FILES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and called(node).endswith(words)
    }


def called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(value=ast.Call(), attr=name):
            return name
        case ast.Attribute(value=ast.Name(id=module), attr=name):
            return f"{module}.{name}"
    return ""


def test_modules_that_import_by_name_are_known() -> None:
    assert using("import_module") == set(IMPORTS_BY_NAME)


def test_modules_that_start_processes_are_known() -> None:
    started = ("subprocess.run", "subprocess.Popen", "subprocess.call", "subprocess.check_output")
    assert using(*started, "create_subprocess_exec", "create_subprocess_shell") == set(SUBPROCESSES)


@pytest.mark.parametrize(
    "planted",
    [
        "import pickle",
        "from yaml import load",
        "eval(text)",
        "subprocess.run(command, shell=True)",
        "os.system(name)",
        "__import__(name)",
    ],
)
def test_a_planted_one_is_found(planted: str) -> None:
    assert list(problems(ast.parse(planted)))
