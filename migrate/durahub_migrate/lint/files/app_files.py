"""Which files of an app matter, by their names."""

from pathlib import PurePosixPath

HOST = "host.json"
PROJECTS = frozenset({".csproj", ".fsproj", ".vbproj"})


def is_settings_file(path: str) -> bool:
    """Tell whether app settings may be in it: ``local.settings.json``, ``appsettings.prod.json``."""
    name = file_name(path)
    return name.endswith(".json") and (
        name.endswith(".settings.json")
        or name.startswith(("appsettings", "app-settings", "app_settings"))
    )


def is_requirements(path: str) -> bool:
    """Tell whether it lists what pip is to install for the app."""
    return file_name(path) == "requirements.txt"


def is_shared_project(path: str) -> bool:
    """Tell whether it says something for all project files below its folder."""
    return file_name(path) in ("directory.packages.props", "directory.build.props")


def is_of_an_app(path: str) -> bool:
    """Tell whether a file of an app's folder says anything of interest."""
    name = file_name(path)
    return (
        name in (HOST, "package.json", "pyproject.toml", "pom.xml", "function.json")
        or name in (".python-version", "runtime.txt")
        or PurePosixPath(name).suffix in PROJECTS
        or is_shared_project(path)
        or is_requirements(path)
        or is_settings_file(path)
    )


def file_name(path: str) -> str:
    """Return the last part of a path, in lower case."""
    return PurePosixPath(path.replace("\\", "/")).name.lower()
