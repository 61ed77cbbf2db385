"""Rules about the plan of a move."""

from typing import Any

from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.rules.pln.actions_to_move import ActionsToMove
from durahub_migrate.lint.rules.pln.bundle_to_go_back import BundleToGoBack
from durahub_migrate.lint.rules.pln.longer_than_window import LongerThanWindow
from durahub_migrate.lint.rules.pln.not_permitted import NotPermitted
from durahub_migrate.lint.rules.pln.not_probed import NotProbed
from durahub_migrate.lint.rules.pln.preview import Preview
from durahub_migrate.lint.rules.pln.split_lock import SplitLock
from durahub_migrate.lint.rules.pln.split_tree import SplitTree

RULES: tuple[Rule[Any], ...] = (
    NotPermitted(),
    SplitTree(),
    SplitLock(),
    NotProbed(),
    Preview(),
    LongerThanWindow(),
    BundleToGoBack(),
    ActionsToMove(),
)
