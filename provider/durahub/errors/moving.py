"""Moves of instances to another hub: plans, jobs and their journals, ghost replays, verification."""

from durahub.errors.tree import Malformed, Refused, Unavailable, UsageError


class BadIdMap(UsageError):
    """A file that renames instances and cannot be read, or names two the same."""

    code = "DH118"

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(f"{file} cannot rename instances: {problem}")
        self.file = file
        self.problem = problem


class BadCapabilities(UsageError):
    """A file of what a target can do that cannot be read, or is of another kind of target."""

    code = "DH119"

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(f"{file} does not say what the target can do: {problem}")
        self.file = file
        self.problem = problem


class BadVerification(UsageError):
    """A file that is to tell what ``durahub verify`` has found, and does not."""

    code = "DH120"

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(f"results of verify {file}: {problem}")
        self.file = file
        self.problem = problem


class NotProbed(Refused):
    """A way to move was asked for that the target was not seen to take."""

    code = "DH308"
    exit_status = 3

    def __init__(self, target: str, way: str, problem: str) -> None:
        super().__init__(f"{target} cannot be moved to by {way}: {problem}")
        self.target = target
        self.way = way
        self.problem = problem


class JobMismatch(Refused):
    """The job of a plan was begun with another plan, or with a bundle that was another one then."""

    code = "DH309"
    exit_status = 3

    def __init__(self, job: str, problem: str) -> None:
        super().__init__(f"job {job}: {problem}")
        self.job = job
        self.problem = problem


class WrongJobState(Refused):
    """The job of a move is not where it would have to be for that."""

    code = "DH310"
    exit_status = 3

    def __init__(self, job: str, state: str, wanted: str) -> None:
        super().__init__(f"job {job} is {state}; {wanted}")
        self.job = job
        self.state = state


class MoveBlocked(Refused):
    """A move may not go on before somebody has decided, or done, something."""

    code = "DH311"
    exit_status = 3

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}; {remedy}")
        self.problem = problem
        self.remedy = remedy


class BadPlan(Malformed):
    """The plan of a move that is cut off, was changed, or is no plan at all."""

    code = "DH407"
    exit_status = 4

    def __init__(self, plan: str, problem: str) -> None:
        super().__init__(f"plan {plan}: {problem}")
        self.plan = plan
        self.problem = problem


class ReplayStuck(Unavailable):
    """The target of a ghost replay has stopped to give work items of an instance."""

    code = "DH408"

    def __init__(self, instance_id: str, waited: float) -> None:
        super().__init__(
            f"the target gave no work item of instance {instance_id!r} for {waited:g} seconds"
        )
        self.instance_id = instance_id
        self.waited = waited


class ReplayDiverged(Refused):
    """An instance at the target was given something that its recorded history has not at that place."""

    code = "DH409"

    def __init__(self, instance_id: str, problem: str) -> None:
        super().__init__(f"instance {instance_id!r} cannot be replayed: {problem}")
        self.instance_id = instance_id
        self.problem = problem


class JournalUnusable(Unavailable):
    """The journal of a move cannot be written or read: nothing more is done at the target."""

    code = "DH512"

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(f"the journal {file} cannot be used: {problem}")
        self.file = file
        self.problem = problem
