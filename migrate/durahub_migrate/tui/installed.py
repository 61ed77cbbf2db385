"""Whether what draws in terminals is installed: it is an extra."""

import importlib

from durahub.errors import MissingPackage


def check_installed() -> None:
    """Raise `MissingPackage` where Textual is not installed."""
    try:
        importlib.import_module("textual")
    except ImportError:
        raise MissingPackage("durahub monitor --tui", "textual", "tui") from None
