"""A family of instances as a ``flowchart`` for Mermaid: an arrow to each child, dotted to generations."""

from durahub_migrate.monitor.histories import FamilyNode
from durahub_migrate.monitor.telling.mermaid_text import quoted

MOST = 300
"""Instances that are drawn."""

_CLASSES = {
    "Failed": "failed",
    "Terminated": "failed",
    "Canceled": "failed",
    "Running": "running",
    "Pending": "running",
    "Suspended": "running",
}


def mermaid_flowchart(root: FamilyNode, *, most: int = MOST) -> str:
    """Return the text for Mermaid, the topmost instance first; the one that was asked for is framed."""
    lines = ["flowchart TD"]
    classes: dict[str, list[str]] = {}
    waiting: list[tuple[FamilyNode, int | None]] = [(root, None)]
    number = 0
    while waiting and number < most:
        node, above = waiting.pop()
        lines.append(f'  n{number}["{_label(node)}"]')
        if above is not None:
            arrow = "-.->" if node.relation == "generation" else "-->"
            lines.append(f"  n{above} {arrow} n{number}")
        for name in _classes(node):
            classes.setdefault(name, []).append(f"n{number}")
        if node.more:
            lines.append(f'  m{number}["and {node.more} more"]')
            lines.append(f"  n{number} --> m{number}")
        waiting += [(child, number) for child in reversed(node.children)]
        number += 1
    if waiting:
        lines.append("  %% more instances were left out")
    lines += [
        "  classDef failed stroke:#b3261e",
        "  classDef running stroke:#1f6feb",
        "  classDef asked stroke-width:3px",
    ]
    lines += [f"  class {','.join(nodes)} {name}" for name, nodes in classes.items()]
    return "\n".join(lines) + "\n"


def _label(node: FamilyNode) -> str:
    parts = [node.name, node.instance_id, node.status or "not there any more"]
    return "<br/>".join(quoted(part) for part in parts if part)


def _classes(node: FamilyNode) -> list[str]:
    found = [_CLASSES[node.status]] if node.status in _CLASSES else []
    return [*found, "asked"] if node.relation == "self" else found
