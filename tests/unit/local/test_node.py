"""Which Node is taken. The nodes here are scripts that answer as Node does."""

import shutil
from pathlib import Path

import pytest

from durahub.errors import AzuriteFailed
from durahub.local.node import find_node


def put_node(folder: Path, version: str, *, npm: bool = False, real: Path | None = None) -> Path:
    """Make ``bin/node`` in *folder*, which says that it is *version* and runs from *real*."""
    node = folder / "bin" / "node"
    node.parent.mkdir(parents=True)
    node.write_text(f"""#!/bin/sh\necho '["{real or node}","{version}"]'\n""")
    node.chmod(0o755)
    if npm:
        script = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        script.parent.mkdir(parents=True)
        script.touch()
    return node


def test_the_node_on_path_comes_first(tmp_path: Path) -> None:
    node = put_node(tmp_path / "system", "20.1.0", npm=True)
    put_node(tmp_path / "wheel", "24.0.0", npm=True)

    found = find_node(str(node.parent), tmp_path / "wheel")

    assert (found.executable, found.version) == (node, "20.1.0")
    assert found.npm == tmp_path / "system/lib/node_modules/npm/bin/npm-cli.js"


def test_a_node_that_is_too_old_gives_way_to_the_package(tmp_path: Path) -> None:
    node = put_node(tmp_path / "system", "16.20.2", npm=True)
    put_node(tmp_path / "wheel", "24.0.0", npm=True)

    assert find_node(str(node.parent), tmp_path / "wheel").major == 24


def test_a_node_without_npm_gives_way_to_one_with_npm(tmp_path: Path) -> None:
    node = put_node(tmp_path / "system", "20.1.0")
    put_node(tmp_path / "wheel", "24.0.0", npm=True)

    assert find_node(str(node.parent), tmp_path / "wheel").major == 24


def test_a_node_without_npm_will_do_when_there_is_no_other(tmp_path: Path) -> None:
    node = put_node(tmp_path / "system", "20.1.0")

    assert find_node(str(node.parent), tmp_path / "none").npm is None


def test_debians_npm_is_found_through_its_link(tmp_path: Path) -> None:
    node = put_node(tmp_path / "system", "20.1.0")
    script = tmp_path / "share" / "npm-cli.js"
    script.parent.mkdir()
    script.write_text("#!/usr/bin/env node\n")
    script.chmod(0o755)
    (node.parent / "npm").symlink_to(script)

    assert find_node(str(node.parent), tmp_path / "none").npm == script


def test_a_wrapper_is_looked_through(tmp_path: Path) -> None:
    real = put_node(tmp_path / "real", "24.0.0", npm=True)
    wrapper = put_node(tmp_path / "venv", "24.0.0", real=real)

    assert find_node(str(wrapper.parent), tmp_path / "none").executable == real


def test_a_node_that_does_not_run_is_passed_over(tmp_path: Path) -> None:
    broken = put_node(tmp_path / "system", "20.1.0")
    broken.write_text("#!/bin/sh\nexit 127\n")
    put_node(tmp_path / "wheel", "24.0.0", npm=True)

    assert find_node(str(broken.parent), tmp_path / "wheel").major == 24


def test_only_an_old_node_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    node = put_node(tmp_path / "system", "16.20.2")
    with pytest.raises(AzuriteFailed, match=r"Node 16\.20\.2 is too old.*durahub\[node\]"):
        find_node(str(node.parent), tmp_path / "none")


def test_no_node_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(AzuriteFailed, match=r"there is no Node.*pip install 'durahub\[node\]'"):
        find_node(str(tmp_path), tmp_path / "none")


@pytest.mark.skipif(not shutil.which("node"), reason="no Node on PATH")
def test_a_real_node_says_where_it_is() -> None:
    assert find_node().executable.is_file()
