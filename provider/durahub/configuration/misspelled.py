"""What is said of a name in a settings file that means nothing."""

from collections.abc import Iterable
from difflib import get_close_matches


def no_such_setting(name: str, known: Iterable[str], page: str) -> str:
    """Say that there is no setting of that *name*, and which may have been meant, or the *page* with all."""
    meant = get_close_matches(name, known, n=1, cutoff=0.6)
    return (
        f"there is no such setting; {f'did you mean {meant[0]}?' if meant else f'{page} lists all'}"
    )
