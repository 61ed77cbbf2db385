"""Explanations for a terminal: the sentence, the evidence for it, what is waited for, what to do."""

import click

from durahub.cli.output import print_rows, tell
from durahub.model.ticks import to_text
from durahub_migrate.cli.history_printing import length
from durahub_migrate.monitor.waiting import Explanation, Pending, Stuck, Weight


def print_why(found: Explanation) -> None:
    """Print an explanation and those that it leads to."""
    click.echo(found.sentence)
    since = f", since {to_text(found.since)}" if found.since is not None else ""
    stuck = "; it is stuck" if found.is_stuck else ""
    click.echo(
        f"  {', '.join(one.value for one in found.reasons or (found.reason,))}{since}{stuck}"
    )
    if found.evidence:
        click.echo("evidence:")
    for one in found.evidence:
        sure = {Weight.FACT: "", Weight.LIKELY: " (likely)", Weight.NOT_READ: " (not read)"}
        place = f" [{one.place}]" if one.place else ""
        tell(f"  - {one.sentence}{sure[one.weight]}{place}")
    if found.pending:
        click.echo("waits for:")
        print_pending(found.pending)
    if found.next_steps:
        click.echo("next:")
    for step in found.next_steps:
        tell(f"  - {step.sentence}")
        if step.command:
            tell(f"    {step.command}")
    for link in found.chain:
        tell(f"because of {link.instance_id}:")
        tell(f"  {link.sentence}")


def print_pending(pending: tuple[Pending, ...]) -> None:
    """Print what is waited for, a line each."""
    print_rows(
        ("what", "name", "reason", "since", "due", "attempt", "message", "last failure"),
        [
            (
                one.what,
                one.name or one.instance_id,
                one.reason.value,
                to_text(one.since) if one.since is not None else None,
                to_text(one.due) if one.due is not None else None,
                one.attempt if one.attempt > 1 else None,
                one.message,
                one.last_failure,
            )
            for one in pending
        ],
    )


def print_stuck(found: tuple[Stuck, ...]) -> None:
    """Print a list of stuck instances, a line each."""
    print_rows(
        ("instance", "name", "status", "for", "reason", ""),
        [
            (
                one.instance_id,
                one.name,
                one.status,
                length(one.seconds),
                one.reason.value,
                one.sentence,
            )
            for one in found
        ],
    )
