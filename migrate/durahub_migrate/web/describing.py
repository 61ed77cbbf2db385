"""The API's description without any hub: ``python -m durahub_migrate.web.describing FILE`` writes it."""

import json
import sys
from pathlib import Path
from typing import Any

from durahub.errors import HubNotFound
from durahub_migrate.monitor.seam import HubWatch, Index
from durahub_migrate.web.application import application


class NoHubs:
    """A monitor that watches nothing."""

    def hubs(self) -> tuple[HubWatch, ...]:
        """Return none."""
        return ()

    def hub(self, key: str) -> HubWatch:
        """Raise `HubNotFound`."""
        raise HubNotFound(key)

    @property
    def index(self) -> Index:
        """There is none; nobody asks."""
        raise HubNotFound("")


def described() -> dict[str, Any]:
    """Return the OpenAPI document."""
    document: dict[str, Any] = application(NoHubs()).state.web.document
    return document


def text() -> str:
    """Return the document as it is committed for the front end."""
    return json.dumps(described(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(text(), encoding="utf-8")
