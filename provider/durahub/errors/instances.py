"""One instance: its ID, whether it is there, and what state it is in."""

from durahub.errors.tree import NotThere, Refused, UsageError


class BadInstanceId(UsageError):
    """An instance ID that this hub does not accept."""

    code = "DH106"

    def __init__(self, instance_id: str, problem: str) -> None:
        super().__init__(f"not an instance ID: {instance_id[:120]!r}: {problem}")
        self.instance_id = instance_id


class InstanceNotFound(NotThere):
    """No such instance."""

    code = "DH202"

    def __init__(self, instance_id: str) -> None:
        super().__init__(f"no instance with the ID {instance_id!r}")
        self.instance_id = instance_id


class InstanceExists(Refused):
    """The instance ID is taken and may not be replaced."""

    code = "DH301"

    def __init__(self, instance_id: str, status: str) -> None:
        super().__init__(f"an instance with the ID {instance_id!r} already exists and is {status}")
        self.instance_id = instance_id
        self.status = status


class WrongStatus(Refused):
    """The instance is in a state in which this cannot be done."""

    code = "DH302"

    def __init__(self, instance_id: str, status: str, wanted: str) -> None:
        super().__init__(f"instance {instance_id!r} is {status}; {wanted}")
        self.instance_id = instance_id
        self.status = status


class CheckpointLost(Refused):
    """Another worker wrote this instance's history first; everything of this episode is dropped."""

    code = "DH304"

    def __init__(self, instance_id: str) -> None:
        super().__init__(f"another worker wrote the history of {instance_id!r} first")
        self.instance_id = instance_id


class ChangedMeanwhile(Refused):
    """Something was to be changed as it was seen, and was changed by others before."""

    code = "DH316"

    def __init__(self, what: str, problem: str) -> None:
        super().__init__(f"{what} has changed meanwhile: {problem}")
        self.what = what
        self.problem = problem
