"""Make bills of materials of everything that durahub is made of, check them, and ask for advisories.

    python -m tests.security.supply                     write to dist/sbom, ask the advisory services
    python -m tests.security.supply --offline           the bills alone
    python -m tests.security.supply --report FILE       and write figures

Bills: Python (what is installed beside durahub), Azurite, the monitor's front end; CycloneDX, JSON. A package
that pyproject.toml or a lockfile names and no bill has, or one whose licence is not on the list, fails. A
service that does not answer is told of and skipped, visibly; an advisory that it has fails.

Exit status: 0 nothing found, 1 something found, 2 a bill could not be made.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.security.supply import sbom
from tests.security.supply.advisories import Answer, of_npm, of_pip

ROOT = Path(__file__).parents[3]
NPM = {"azurite": ROOT / "azurite", "ui": ROOT / "migrate/ui"}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--offline", action="store_true", help="do not ask for advisories")
    parser.add_argument("--out", type=Path, default=ROOT / "dist/sbom", help="folder of the bills")
    parser.add_argument("--report", type=Path, help="file for figures, JSON")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    problems = python_bill(options.out)
    for name, folder in NPM.items():
        problems += npm_bill(name, folder, options.out)
    answers = [] if options.offline else [pip_advisories(), *map(npm_advisories, NPM.values())]
    for one in answers:
        say(one.told)
        problems += one.found
    for problem in problems:
        print(f"found: {problem}")
    bills = sorted(options.out.glob("*.cdx.json"))
    parts = sum(len(sbom.components(json.loads(bill.read_text()))) for bill in bills)
    say(f"{len(bills)} bills with {parts} packages in {options.out}; {len(problems)} problems")
    if options.report is not None:
        figures = {
            "packages in bills": parts,
            "problems": len(problems),
            "advisory services asked": sum(one.answered for one in answers),
            "advisory services that did not answer": sum(not one.answered for one in answers),
        }
        options.report.write_text(json.dumps({"suite": "supply", "figures": figures}, indent=2))
    return 1 if problems else 0


def python_bill(out: Path) -> list[str]:
    """Make the bill of the packages of this Python; return what is wrong with it."""
    target = out / "python.cdx.json"
    run(
        (sys.executable, "-m", "cyclonedx_py", "environment", "--of", "JSON", "-o", str(target)),
        ("--pyproject", str(ROOT / "pyproject.toml"), sys.executable),
    )
    found = sbom.components(json.loads(target.read_text()))
    wanted = sbom.installable(sbom.named_in_pyproject((ROOT / "pyproject.toml").read_text()))
    needed = sbom.closure(wanted)
    ours = {name: one for name, one in found.items() if name in needed}
    return [*sbom.missing(wanted, found), *sbom.refused(ours)]


def npm_bill(name: str, folder: Path, out: Path) -> list[str]:
    """Make the bill of a lockfile; return what is wrong with it."""
    with tempfile.TemporaryDirectory() as place:
        package = json.loads((folder / "package.json").read_text())
        package.setdefault("version", "0.0.0")  # without one npm makes no bill
        (Path(place) / "package.json").write_text(json.dumps(package))
        lock = json.loads((folder / "package-lock.json").read_text())
        for versioned in (lock, lock["packages"][""]):
            versioned.setdefault("version", "0.0.0")
        (Path(place) / "package-lock.json").write_text(json.dumps(lock))
        npm = shutil.which("npm") or "npm"
        bill = run(
            (npm, "sbom", "--sbom-format", "cyclonedx", "--package-lock-only"), cwd=Path(place)
        )
    (out / f"{name}.cdx.json").write_text(bill)
    found = sbom.components(json.loads(bill))
    wanted = sbom.locked(lock)
    return [f"{name}: {one}" for one in (*sbom.missing(wanted, found), *sbom.refused(found))]


def pip_advisories() -> Answer:
    asked = asked_of((sys.executable, "-m", "pip_audit"), ("--format", "json", "--timeout", "5"))
    return of_pip(asked)


def npm_advisories(folder: Path) -> Answer:
    npm = shutil.which("npm") or "npm"
    said = asked_of((npm, "audit", "--json", "--fetch-retries=0"), cwd=folder)
    return of_npm(said, folder.name)


def run(*command: Iterable[str], cwd: Path = ROOT) -> str:
    """Return what a command says; end with status 2 if it fails."""
    parts = [part for some in command for part in some]
    ended = subprocess.run(parts, cwd=cwd, capture_output=True, text=True)
    if ended.returncode:
        say(f"{' '.join(parts[:4])}: {ended.stderr.strip()[-600:]}")
        raise SystemExit(2)
    return ended.stdout


def asked_of(*command: Iterable[str], cwd: Path = ROOT) -> Any:
    """Return the JSON that a command prints, whatever its status; ``None`` where it prints none."""
    parts = [part for some in command for part in some]
    try:
        ended = subprocess.run(parts, cwd=cwd, capture_output=True, text=True, timeout=60)
        return json.loads(ended.stdout)
    except (ValueError, OSError, subprocess.TimeoutExpired):
        return None


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
