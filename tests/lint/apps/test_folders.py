import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from durahub.errors import NothingToLint
from durahub_migrate.lint.facts.apps import AppFacts
from durahub_migrate.lint.facts.files import FileProblem
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.judging import judge
from durahub_migrate.lint.rule import EXAMPLE_TIME
from durahub_migrate.lint.rules.cfg import RULES
from durahub_migrate.lint.sources.folder import folder_source
from durahub_migrate.lint.sources.walking import found_below
from durahub_migrate.lint.target import Given

HOST = '{"version": "2.0", "extensions": {"durableTask": {"hubName": "orders"}}}'


async def facts(path: Path) -> list[Any]:
    return [one.fact async for one in folder_source(str(path)).facts()]


async def apps(path: Path) -> list[AppFacts]:
    return [one for one in await facts(path) if isinstance(one, AppFacts)]


async def problems(path: Path) -> dict[str, str]:
    found = [one for one in await facts(path) if isinstance(one, FileProblem)]
    return {Path(one.place.source).relative_to(path).as_posix(): one.sentence for one in found}


def write(path: Path, text: str | bytes = HOST) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


async def test_apps_are_found_in_folders_below_but_not_in_those_of_tools(tmp_path: Path) -> None:
    for folder in ("a", "b/c", "node_modules/x", "a/bin/Debug", "a/obj", ".git", ".venv/lib"):
        write(tmp_path / folder / "host.json")
    found = [Path(one.folder).relative_to(tmp_path).as_posix() for one in await apps(tmp_path)]
    assert found == ["a", "b/c"]


async def test_an_app_has_its_own_files_and_none_of_another_one(tmp_path: Path) -> None:
    write(tmp_path / "a/host.json")
    write(tmp_path / "a/requirements.txt", "azure-functions-durable==1.2.9 # why\n-r other.txt\n")
    write(tmp_path / "a/Order/function.json", '{"bindings": [{"type": "orchestrationTrigger"}]}')
    write(tmp_path / "a/web/package.json", '{"dependencies": {"react": "1"}}')
    write(tmp_path / "b/host.json")
    write(tmp_path / "b/local.settings.json", '{"Values": {"A": "1"}}')
    first, second = await apps(tmp_path)
    assert [(one.name, one.version) for one in first.packages] == [
        ("azure-functions-durable", "==1.2.9")
    ]
    assert first.worker == "python"
    assert first.bindings == {"orchestrationtrigger"}
    assert first.settings == ()
    assert [(one.is_local, set(one.values)) for one in second.settings] == [(True, {"A"})]


async def test_versions_come_from_the_central_file_above(tmp_path: Path) -> None:
    write(tmp_path / "src/app/host.json")
    write(
        tmp_path / "src/app/app.csproj",
        '<Project><ItemGroup><PackageReference Include="X" /></ItemGroup></Project>',
    )
    for folder, version in (("", "1.0"), ("src/", "2.0")):
        write(
            tmp_path / f"{folder}Directory.Packages.props",
            f'<Project><ItemGroup><PackageVersion Include="X" Version="{version}" /></ItemGroup></Project>',
        )
    ((app,),) = [await apps(tmp_path)]
    assert [(one.name, one.version) for one in app.packages] == [("X", "2.0")]


async def test_a_function_app_without_durable_functions_is_nothing_to_check(tmp_path: Path) -> None:
    write(tmp_path / "host.json", '{"version": "2.0"}')
    assert await apps(tmp_path) == []


async def test_an_app_whose_section_stands_in_the_wrong_place_is_one(tmp_path: Path) -> None:
    write(tmp_path / "host.json", '{"version": "2.0", "durableTask": {"hubName": "orders"}}')
    ((app,),) = [await apps(tmp_path)]
    assert [one.code for one in judge(RULES, [app], Given(now=EXAMPLE_TIME))] == ["CFG126"]


async def test_a_file_of_an_app_stands_for_the_app(tmp_path: Path) -> None:
    write(tmp_path / "host.json")
    write(tmp_path / "local.settings.json", '{"Values": {"A": "1"}}')
    ((app,),) = [await apps(tmp_path / "host.json")]
    assert len(app.settings) == 1


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("host.json", b'{"a": ', "not JSON: Expecting value"),
        ("host.json", b"\x00\x01\x02", "not text: it holds null characters"),
        ("host.json", b'{"a": "\xff"}', "not UTF-8 text"),
        ("app.csproj", b"<Project>", "not XML: no element found"),
        ("pyproject.toml", b"a = ", "not TOML: Invalid value"),
        ("local.settings.json", b'{"IsEncrypted": true, "Values": {}}', "its values are encrypted"),
        ("host.json", b'"' + b"a" * (4 * 1024**2) + b'"', "cannot be read: it has more than 4 MiB"),
    ],
)
async def test_what_cannot_be_read_is_told_with_its_file(
    tmp_path: Path, name: str, data: bytes, said: str
) -> None:
    write(tmp_path / "host.json")
    write(tmp_path / name, data)
    found = await problems(tmp_path)
    assert found[name].startswith(said)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
async def test_files_may_be_utf_8_or_utf_16(tmp_path: Path, encoding: str) -> None:
    write(tmp_path / "host.json", HOST.replace("orders", "größe").encode(encoding))
    ((app,),) = [await apps(tmp_path)]
    name = app.get("hubname")
    assert name is not None
    assert name.text == "größe"


async def test_links_that_lead_nowhere_or_in_circles_do_no_harm(tmp_path: Path) -> None:
    write(tmp_path / "app/host.json")
    (tmp_path / "app/again").symlink_to(tmp_path)
    (tmp_path / "app/local.settings.json").symlink_to(tmp_path / "gone")
    (tmp_path / "app/package.json").symlink_to(tmp_path / "app/package.json")
    assert len(await apps(tmp_path)) == 1
    assert set(await problems(tmp_path)) == {"app/local.settings.json", "app/package.json"}


async def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "host.json")
    assert await problems(tmp_path) == {"host.json": "cannot be read: it is no file"}


def test_files_that_are_too_many_together_are_left_unread(tmp_path: Path) -> None:
    write(tmp_path / "a/host.json")
    write(tmp_path / "b/host.json")
    found = found_below(tmp_path, most=100)
    assert len(found.app_files) == 1
    assert [one.sentence for one in found.problems] == [
        "left unread: the files before it have 0 MiB together"
    ]


def test_a_folder_without_anything_of_interest_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "package.json", "{}")
    with pytest.raises(NothingToLint):
        folder_source(str(tmp_path))
    with pytest.raises(NothingToLint):
        folder_source(str(write(tmp_path / "notes.txt", "x")))


def test_what_is_provided_depends_on_the_files_that_are_there(tmp_path: Path) -> None:
    write(tmp_path / "host.json")
    assert folder_source(str(tmp_path)).provides == {Need.APP_FILES}
    write(tmp_path / "local.settings.json", "{}")
    assert folder_source(str(tmp_path)).provides == {Need.APP_FILES, Need.APP_SETTINGS}
    write(tmp_path / "main.bicep", "")
    assert Need.TEMPLATES in folder_source(str(tmp_path)).provides


async def test_a_folder_can_be_judged_as_if_its_files_were_changed(tmp_path: Path) -> None:
    path = write(tmp_path / "host.json")
    source = folder_source(str(tmp_path))
    changed = source.replaced({path.as_posix(): HOST.replace("orders", "others")})
    (app,) = [one.fact async for one in changed.facts()]
    assert app.get("hubName").text == "others"
    assert source.texts == {path.as_posix(): HOST}


_NAMES = ["host.json", "local.settings.json", "appsettings.json", "app.csproj", "pom.xml"]
_NAMES += ["package.json", "pyproject.toml", "requirements.txt", ".python-version"]
_NAMES += ["F/function.json", "Directory.Packages.props", "x.json"]
_PIECES = [b"{", b"}", b"[", b"]", b'"Values"', b":", b",", b'"extensions"', b'"durableTask"', b"1"]
_PIECES += [b"<Project>", b"<PackageReference Include='a'", b"/>", b"\xff", b"\0", b"\n", b"$(a)"]
_PIECES += [b"a = [", b"[project]", b"\xef\xbb\xbf", b"\xff\xfe", b"==1", b'"bindings"', b"null"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(_NAMES),
        st.lists(st.sampled_from(_PIECES), max_size=12).map(b"".join) | st.binary(max_size=40),
        min_size=1,
    )
)
async def test_no_folder_is_too_broken(tmp_path: Path, files: dict[str, bytes]) -> None:
    for name in _NAMES:
        (tmp_path / name).unlink(missing_ok=True)
    write(tmp_path / "host.json")
    for name, data in files.items():
        write(tmp_path / name, data)
    found = await facts(tmp_path)
    assert all(isinstance(one, (AppFacts, FileProblem)) for one in found)
    assert list(judge(RULES, found, Given(now=EXAMPLE_TIME))) is not None
