"""``durahub lint``: what it reads, the files that it is given, and how far it may go."""

from durahub.errors.tree import Unavailable, UsageError


class NothingToLint(UsageError):
    """A path without anything that the linter reads."""

    code = "DH110"

    def __init__(self, path: str) -> None:
        super().__init__(
            f"{path}: there is no app (host.json), no template (Bicep, ARM) and no retention policy to check"
        )
        self.path = path


class FileChanged(UsageError):
    """A file that holds something else than when it was read: a fix would undo that."""

    code = "DH111"

    def __init__(self, file: str) -> None:
        super().__init__(f"{file} was changed since it was read; it is left as it is")
        self.file = file


class BadBaseline(UsageError):
    """A file of known findings that is none."""

    code = "DH113"

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(f"{file} cannot be a baseline: {problem}")
        self.file = file
        self.problem = problem


class BadPrices(UsageError):
    """A file of prices that cannot be read, or a price in it that means nothing."""

    code = "DH115"

    def __init__(self, file: str, key: str, problem: str) -> None:
        super().__init__(f"{file}: {key}{': ' if key else ''}{problem}")
        self.file = file
        self.key = key
        self.problem = problem


class BudgetSpent(Unavailable):
    """As many requests were sent as the user allowed, and more would be needed."""

    code = "DH507"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"the {most:,} requests that were allowed are spent; not everything is read"
        )
        self.most = most


class WorkFileUnusable(Unavailable):
    """The work file of a run cannot be used: it is another run's, or no work file."""

    code = "DH508"

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(f"the work file {file} cannot be used: {problem}")
        self.file = file
        self.problem = problem
