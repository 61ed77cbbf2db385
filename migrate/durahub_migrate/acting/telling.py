"""What is told of an action that was done, in the same words whatever the store."""

from durahub_migrate.monitor.actions import Command, Done


def done(
    command: Command,
    sentence: str,
    *,
    instance_id: str | None = None,
    instances: int = 1,
    rows: int = 0,
) -> Done:
    """Return what became of *command*."""
    return Done(
        verb=command.verb,
        target=command.target,
        instance_id=instance_id,
        instances=instances,
        rows=rows,
        sentence=sentence,
    )
