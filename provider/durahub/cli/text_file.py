"""Files that were named to a command."""

from pathlib import Path

from durahub.errors import BadSettingsFile


def read_text(file: Path) -> str:
    """Return the text of a file that was named. Raises `BadSettingsFile`."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadSettingsFile(str(file), "", f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadSettingsFile(str(file), "", "not UTF-8 text") from None
