"""Installing an npm program once. npm is real; the programs here have no dependencies, or broken ones."""

import json
import sys
from pathlib import Path

import pytest

from durahub.errors import AzuriteFailed
from durahub.local.child import Child
from durahub.local.install import Package, azurite_package, installed
from durahub.local.node import Node, find_node

TOP = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def node() -> Node:
    return find_node()


@pytest.fixture
def package(tmp_path: Path) -> Package:
    """A program that is a folder beside its lock file: npm needs no registry for it."""
    folder = tmp_path / "package"
    (folder / "tool").mkdir(parents=True)
    write(folder / "tool" / "package.json", {"name": "tool", "version": "1.2.3"})
    put_lock(folder, {"resolved": "tool", "link": True, "version": "1.2.3"})
    return Package(folder, "tool")


def put_lock(folder: Path, tool: dict[str, object], where: str = "file:tool") -> None:
    needs = {"name": "holder", "dependencies": {"tool": where}}
    packages = {"": needs, "node_modules/tool": tool}
    if tool.get("link"):
        packages["tool"] = {"version": "1.2.3"}
    write(folder / "package.json", needs)
    write(
        folder / "package-lock.json", {"name": "holder", "lockfileVersion": 3, "packages": packages}
    )


def write(file: Path, content: object) -> None:
    file.write_text(json.dumps(content))


def test_it_is_installed_once_and_then_found(package: Package, tmp_path: Path, node: Node) -> None:
    said: list[str] = []

    first = installed(package, tmp_path / "cache", node, said.append)
    again = installed(package, tmp_path / "cache", Node(Path("none"), "0", None), said.append)

    assert first == again == tmp_path / "cache" / package.key
    assert (first / "node_modules" / "tool").is_symlink()
    assert len(said) == 1
    assert said[0].startswith("Installing Tool 1.2.3 (once, ")


def test_another_lock_file_is_another_folder(package: Package) -> None:
    key = package.key
    put_lock(package.folder, {"resolved": "tool", "link": True, "version": "1.2.4"})

    assert package.key != key


def test_what_npm_says_is_in_the_error_and_nothing_is_left(
    package: Package, tmp_path: Path, node: Node
) -> None:
    gone = "file:gone.tgz"
    put_lock(package.folder, {"version": "1.2.3", "resolved": gone}, gone)

    with pytest.raises(AzuriteFailed, match=r"(?s)npm could not install it.*gone\.tgz") as error:
        installed(package, tmp_path / "cache", node, lambda _: None)

    assert "npm config get registry" in str(error.value)
    assert [entry.suffix for entry in (tmp_path / "cache").iterdir()] == [".lock"]


def test_a_missing_npm_is_an_error_that_says_what_to_do(package: Package, tmp_path: Path) -> None:
    without = Node(Path("/usr/bin/node"), "20.1.0", None)

    with pytest.raises(AzuriteFailed, match=r"npm is missing beside Node 20\.1\.0; install Node"):
        installed(package, tmp_path / "cache", without, lambda _: None)


def test_of_two_processes_one_installs_and_both_have_it(package: Package, tmp_path: Path) -> None:
    code = (
        "import pathlib, sys\n"
        "from durahub.local.install import Package, installed\n"
        "from durahub.local.node import find_node\n"
        "folder, cache = map(pathlib.Path, sys.argv[1:])\n"
        "print('has', installed(Package(folder, 'tool'), cache, find_node()))\n"
    )
    command = [sys.executable, "-c", code, package.folder, tmp_path / "cache"]
    both = [Child(command), Child(command)]

    assert [child.wait(60) for child in both] == [0, 0]
    said = "\n".join(child.output() for child in both)
    assert said.count("Installing") == 1
    assert said.count(f"has {tmp_path / 'cache' / package.key}") == 2


def test_the_pinned_azurite_is_found_in_a_checkout() -> None:
    assert azurite_package().folder == TOP / "azurite"


def test_the_compose_file_has_the_version_of_the_lock_file() -> None:
    compose = (TOP / "azurite" / "compose.yaml").read_text("utf-8")

    assert (
        f"image: mcr.microsoft.com/azure-storage/azurite:{azurite_package().version}\n" in compose
    )


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((TOP / "azurite" / "package-lock.json").read_text("utf-8"))

    assert not [name for name, entry in lock["packages"].items() if "resolved" in entry]
    assert all("integrity" in entry for name, entry in lock["packages"].items() if name)
