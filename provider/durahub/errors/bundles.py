"""Hub bundles: what an export has written."""

from durahub.errors.tree import Malformed, Refused


class RedactedBundle(Refused):
    """A bundle without instance IDs and payloads, out of which something is to be moved."""

    code = "DH315"
    exit_status = 3

    def __init__(self, bundle: str) -> None:
        super().__init__(
            f"hub bundle {bundle} is redacted: it can be checked and counted, but not moved or compared"
        )
        self.bundle = bundle


class BadBundle(Malformed):
    """A hub bundle of which a file is missing, cut off, or not as it was written."""

    code = "DH404"
    exit_status = 4

    def __init__(self, bundle: str, member: str, problem: str) -> None:
        super().__init__(f"hub bundle {bundle}: {member}: {problem}")
        self.bundle = bundle
        self.member = member
        self.problem = problem


class UnfinishedBundle(Malformed):
    """An export that did not come to its end; nothing in it can be relied on."""

    code = "DH405"
    exit_status = 4

    def __init__(self, bundle: str) -> None:
        super().__init__(
            f"hub bundle {bundle} is unfinished: the export that wrote it was interrupted"
        )
        self.bundle = bundle


class NewerBundle(Malformed):
    """A hub bundle of a version that is not known here."""

    code = "DH406"
    exit_status = 2

    def __init__(self, bundle: str, version: int, known: int) -> None:
        super().__init__(
            f"hub bundle {bundle} has version {version} of the format; this durahub reads up to {known}"
        )
        self.bundle = bundle
        self.version = version
