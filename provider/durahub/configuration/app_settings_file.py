"""Files with app settings: ``local.settings.json``, a plain object, or the list that ``az`` prints."""

from typing import Any

from durahub.configuration.json_text import without_comments
from durahub.errors import BadSettingsFile
from durahub.model.json_text import loads


def read_app_settings(text: str, file: str) -> dict[str, str]:
    """Return the settings in *text* by name, connection strings as ``ConnectionStrings:NAME``.

    Three forms: ``{"Values": {…}, "ConnectionStrings": {…}}``; ``{"NAME": "value", …}``; and
    ``[{"name": …, "value": …}, …]`` as of ``az functionapp config appsettings list``. Raises
    `BadSettingsFile`, which never shows a value.
    """
    try:
        content = loads(without_comments(text))
    except ValueError as error:
        raise BadSettingsFile(file, "", f"not JSON: {error}") from None
    if isinstance(content, list):
        return _listed(content, file)
    if not isinstance(content, dict):
        raise BadSettingsFile(file, "", "expected an object, or a list of names and values")
    parts = {str(name).lower(): value for name, value in content.items()}
    if parts.get("isencrypted") is True:
        problem = "the values are encrypted; 'func settings decrypt' makes them readable"
        raise BadSettingsFile(file, "IsEncrypted", problem)
    if "values" not in parts and "connectionstrings" not in parts:
        return _texts(content, "", file)
    strings = _texts(parts.get("connectionstrings"), "ConnectionStrings", file)
    return _texts(parts.get("values"), "Values", file) | {
        f"ConnectionStrings:{name}": value for name, value in strings.items()
    }


def _listed(content: list[Any], file: str) -> dict[str, str]:
    found = {}
    for number, entry in enumerate(content):
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise BadSettingsFile(file, f"[{number}]", 'expected an object with "name" and "value"')
        found[entry["name"]] = _text(entry.get("value"), f"[{number}].value", file)
    return found


def _texts(section: Any, where: str, file: str) -> dict[str, str]:
    if section is None:
        return {}
    if not isinstance(section, dict):
        raise BadSettingsFile(file, where, "expected an object")
    prefix = f"{where}." if where else ""
    return {name: _text(value, f"{prefix}{name}", file) for name, value in section.items()}


def _text(value: Any, where: str, file: str) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case str() | int() | float():
            return str(value)
    raise BadSettingsFile(file, where, "expected a text")
