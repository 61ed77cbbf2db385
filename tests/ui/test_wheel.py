"""What is shipped: wheels and source archives with the front end in them."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.ui.front_end import TOP, first_load, manifest_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
INSIDE = "durahub_migrate/web/_ui/"


def build_wheel(folder: Path) -> Path:
    """Build as pip does, in an environment of its own."""
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--no-deps")
    command = [*pip, "--no-cache-dir", "--wheel-dir", str(folder), str(TOP)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel


def test_the_wheel_has_the_manifest_and_every_file_that_it_names(
    built: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(build_wheel(tmp_path)) as archive:
        names = set(archive.namelist())
        manifest = manifest_of(archive.read(INSIDE + "manifest.json"))
    named = {INSIDE + one["file"] for one in manifest.values()}
    assert named | {INSIDE + "index.html", INSIDE + "built.json"} <= names
    assert {INSIDE + one for one in first_load(manifest)} <= names
    assert not any("node_modules" in one or one.endswith((".svelte", ".map")) for one in names)
