"""The peaks of memory of a run over a bundle: ``peaks_of_run BUNDLE``, on Linux alone.

Everything is asked for: all rules, every finding, all formats, the report. Prints a JSON object: the most
MiB that the process had in each step, which begins with what the step before has left.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

from durahub_migrate.assessment.collector import AssessmentCollector
from durahub_migrate.assessment.making import assess
from durahub_migrate.assessment.writing import write_report
from durahub_migrate.cli.lint_formats import FORMATS, style_for, write
from durahub_migrate.cli.lint_run import Asked, lint
from durahub_migrate.cli.lint_settings import read_settings
from durahub_migrate.lint.book import Book
from durahub_migrate.lint.rule import EXAMPLE_TIME
from durahub_migrate.lint.rules import RULES
from durahub_migrate.lint.sources.opening import source_of

PROCESS = Path("/proc/self")
REPORTS = (".html", ".md", ".json")


def peak() -> float:
    """Return the most MiB of memory since it was asked last."""
    lines = (PROCESS / "status").read_text().splitlines()
    (found,) = (int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
    (PROCESS / "clear_refs").write_text("5")  # the peak begins anew; proc(5)
    return found


async def peaks_of(bundle: Path) -> dict[str, float]:
    peaks = {}
    settings = read_settings(None, {"profile": "strict"}, tuple(rule.code for rule in RULES), None)
    asked = Asked(settings=settings, now=EXAMPLE_TIME, examples=-1)
    book = Book()
    collectors = [AssessmentCollector()]
    source = source_of(f"bundle:{bundle}")
    peak()
    results, outcome, given = await lint(asked, [source], RULES, book, collectors=collectors)
    peaks["reading"] = peak()
    peaks["findings"] = sum(results.counts().values())
    for name, form in FORMATS.items():
        write(form(results, style_for(Path(os.devnull))), Path(os.devnull))
        peaks[name] = peak()
    for suffix in REPORTS:
        write_report(bundle.with_suffix(suffix), assess(book, outcome, given, None))
        peaks[f"report {suffix}"] = peak()
    book.close()
    return peaks


if __name__ == "__main__":
    print(json.dumps(asyncio.run(peaks_of(Path(sys.argv[1])))))
