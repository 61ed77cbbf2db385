"""Where the book of jobs and the audit log are, if nobody says otherwise."""

import os
from pathlib import Path

from platformdirs import user_data_path

VARIABLE = "DURAHUB_MONITOR_DATA"


def data_folder(named: Path | None = None) -> Path:
    """Return the folder: the one that was *named*, the environment's, or the user's own."""
    found = os.environ.get(VARIABLE)
    return named or (Path(found) if found else user_data_path("durahub") / "monitor")
