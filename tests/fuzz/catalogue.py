"""The targets by name; loading them lets Atheris see the imports of the product, where it is there."""

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from tests.fuzz.target import Target

MODULE = "tests.fuzz.targets"


def targets(module: str = MODULE, *, coverage: bool = False) -> dict[str, Target]:
    """Return all targets of a package or module by name.

    With *coverage* the product is instrumented, if Atheris is installed; that must be its first import.
    """
    if coverage:
        try:
            import atheris  # type: ignore[import-not-found, unused-ignore]
        except ImportError:
            pass
        else:
            with _quiet(), atheris.instrument_imports(["durahub", "durahub_migrate", module]):
                return _loaded(module)
    return _loaded(module)


def _loaded(module: str) -> dict[str, Target]:
    found = importlib.import_module(module)
    modules = [found]
    if hasattr(found, "SUBJECTS"):
        modules += [importlib.import_module(f"{module}.{name}") for name in found.SUBJECTS]
    named = [target for one in modules for target in _of(one)]
    by_name = {target.name: target for target in named}
    assert len(by_name) == len(named), "two targets have one name"
    return by_name


def _of(module: ModuleType) -> Iterator[Target]:
    return (value for value in vars(module).values() if isinstance(value, Target))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Atheris from telling of each module."""
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 (no path)
        sys.stderr.flush()
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
