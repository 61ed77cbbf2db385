"""What a server or a command was told: settings, their files, addresses, certificates."""

from durahub.errors.tree import UsageError
from durahub.secret_texts import hidden


class BadConnectionString(UsageError):
    """A connection string that cannot be used. The string itself is never shown: it holds a key.

    *is_missing* tells that there is none: where settings are checked, secrets need not be at hand.
    """

    code = "DH103"

    def __init__(self, where: str, problem: str, *, is_missing: bool = False) -> None:
        super().__init__(f"the connection string in {where} cannot be used: {problem}")
        self.where = where
        self.problem = problem
        self.is_missing = is_missing


class BadAddress(UsageError):
    """An address of no known form, or not of what is needed here."""

    code = "DH104"

    def __init__(self, address: str, problem: str) -> None:
        super().__init__(
            f"the address {hidden(repr(address))} cannot be used here: {hidden(problem)}"
        )
        self.address = address
        self.problem = problem


class BadSetting(UsageError):
    """A setting out of its range or of another type."""

    code = "DH105"

    def __init__(self, name: str, value: object, expected: str) -> None:
        super().__init__(f"setting {name} cannot be {hidden(repr(value))}; expected {expected}")
        self.name = name
        self.value = value


class BadSettingsFile(UsageError):
    """A settings file that cannot be read, or a key in it that means nothing."""

    code = "DH108"

    def __init__(self, file: str, key: str, problem: str) -> None:
        super().__init__(f"{file}: {key}{': ' if key else ''}{problem}")
        self.file = file
        self.key = key
        self.problem = problem


class MissingPackage(UsageError):
    """Something was asked for that needs a package which is not installed: an extra of durahub."""

    code = "DH117"

    def __init__(self, what: str, package: str, extra: str) -> None:
        super().__init__(
            f"{what} needs {package}, which is not installed: pip install 'durahub[{extra}]'"
        )
        self.package = package
        self.extra = extra


class BadCertificate(UsageError):
    """A certificate or its key cannot be used. The text of neither is told."""

    code = "DH139"

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(f"the file {file} cannot be used: {problem}")
        self.file = file
        self.problem = problem
