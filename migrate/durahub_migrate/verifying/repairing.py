"""What can be done about what a comparison has found, tree by tree."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from durahub.errors import BadVerification, FileUnavailable
from durahub_migrate.verifying.report import FORMAT

_REPAIRED = frozenset({"*", "-", "!"})


@dataclass(slots=True)
class Tree:
    """What was found of a tree: its instances that differ, each with a sentence."""

    root_id: str
    found: dict[str, str] = field(default_factory=dict)
    is_gone: bool = False  # some of it is not at the target
    advanced: str = ""  # one that has gone on at the target


@dataclass(slots=True)
class Repairs:
    """*again* are the trees to be moved once more; *left* what is not mended, each with the reason."""

    again: list[Tree] = field(default_factory=list)
    left: list[tuple[str, str]] = field(default_factory=list)


def read_results(path: Path, target: str) -> list[dict[str, Any]]:
    """Return the instances in a file of ``durahub verify --output`` of a comparison with *target*.

    Raises `BadVerification`, `FileUnavailable`.
    """
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        said = (error.strerror or type(error).__name__).lower()
        raise FileUnavailable(str(path), said) from None
    except (ValueError, RecursionError):
        raise BadVerification(str(path), "it is not one JSON object") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise BadVerification(str(path), "'durahub verify --output' has not written it")
    if found.get("target") != target:
        problem = f"it compares {found.get('target')}, and the plan moves to {target}"
        raise BadVerification(str(path), problem)
    instances = found.get("instances")
    if not isinstance(instances, list) or not all(isinstance(one, dict) for one in instances):
        raise BadVerification(str(path), "its instances are missing")
    return instances


def repairs_of(instances: Iterable[Mapping[str, Any]]) -> Repairs:
    """Return what can be done, in the order of the roots.

    A tree is moved as a whole. One of which an instance has gone on at the target is left: what was done
    there would be lost. What only the target has is left, too: nobody knows whose it is.
    """
    trees: dict[str, Tree] = {}
    repairs = Repairs()
    for one in instances:
        root, symbol, name = one.get("root"), one.get("symbol"), str(one.get("id"))
        if symbol == ">" and isinstance(root, str):
            trees.setdefault(root, Tree(root)).advanced = name
        if not one.get("fault"):
            continue
        if symbol not in _REPAIRED:
            repairs.left.append((name, "only the target has it; whose it is nobody knows"))
        elif not isinstance(root, str) or not root:
            repairs.left.append((name, "it belongs to no tree: there are only messages to it"))
        else:
            tree = trees.setdefault(root, Tree(root))
            tree.found[name] = _said(one)
            tree.is_gone |= symbol == "-"
    for root in sorted(trees):
        tree = trees[root]
        if not tree.found:
            continue
        if tree.advanced:
            repairs.left.append((root, f"{tree.advanced} of its tree has gone on at the target"))
        else:
            repairs.again.append(tree)
    return repairs


def _said(one: Mapping[str, Any]) -> str:
    if one.get("symbol") == "-":
        return "missing"
    told = [str(found.get("text")) for found in one.get("differences") or ()]
    return "; ".join(told) or "unreadable"
