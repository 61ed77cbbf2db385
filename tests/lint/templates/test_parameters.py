"""Parameters files, and how a template is judged with several of them."""

from pathlib import Path

from durahub_migrate.lint import running
from durahub_migrate.lint.book import Book
from durahub_migrate.lint.finding import Finding
from durahub_migrate.lint.rule import EXAMPLE_TIME
from durahub_migrate.lint.rules import RULES
from durahub_migrate.lint.sources.opening import source_of
from durahub_migrate.lint.target import Given
from tests.lint.templates.test_bicep import SCHEDULER

DEDICATED = "using './main.bicep'\nparam skuName = 'Dedicated'\nparam capacity = {}\n"


async def linted(path: Path) -> list[Finding]:
    book = Book()
    await running.run([source_of(str(path))], RULES, Given(now=EXAMPLE_TIME), book)
    return list(book.findings())


def shown(findings: list[Finding], code: str) -> list[tuple[str, int]]:
    found = [one.place for one in findings if one.code == code]
    return [(Path(one.source).name, one.span.line if one.span else 0) for one in found]


async def test_what_is_wrong_with_one_of_several_parameters_files_is_told_there(
    tmp_path: Path,
) -> None:
    (tmp_path / "main.bicep").write_text(SCHEDULER.replace("10.0.0.0/8", "0.0.0.0/0"))
    (tmp_path / "dev.bicepparam").write_text(DEDICATED.format(1))
    (tmp_path / "prod.bicepparam").write_text(DEDICATED.format(3))
    findings = await linted(tmp_path)
    assert shown(findings, "ARM905") == [("dev.bicepparam", 3)]


async def test_a_parameters_file_counts_without_a_schema_and_a_broken_one_is_told(
    tmp_path: Path,
) -> None:
    (tmp_path / "main.bicep").write_text(SCHEDULER.replace("10.0.0.0/8", "0.0.0.0/0"))
    parameters = tmp_path / "main.parameters.json"
    parameters.write_text(
        '{"parameters": {"skuName": {"value": "Dedicated"},\n"capacity": {"value": 1}}}'
    )
    assert shown(await linted(tmp_path), "ARM905") == [("main.parameters.json", 2)]
    parameters.write_text('{"parameters": {')
    assert shown(await linted(tmp_path), "CFG123") == [("main.parameters.json", 1)]


async def test_what_is_wrong_with_all_of_them_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "main.bicep").write_text(SCHEDULER.replace("10.0.0.0/8", "0.0.0.0/0"))
    (tmp_path / "dev.bicepparam").write_text(DEDICATED.format(1))
    (tmp_path / "prod.bicepparam").write_text(DEDICATED.format(3))
    assert len(shown(await linted(tmp_path), "ARM903")) == 1


async def test_a_template_that_is_named_alone_has_its_modules_and_parameters(
    tmp_path: Path,
) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "dts.bicep").write_text(SCHEDULER)
    text = "param units int\nmodule dts 'parts/dts.bicep' = {\n"
    text += "  params: { skuName: 'Dedicated', capacity: units }\n}\n"
    (tmp_path / "main.bicep").write_text(text)
    (tmp_path / "main.parameters.json").write_text(
        '{"$schema": "https://x/deploymentParameters.json#", "parameters": {"units": {"value": 2}}}'
    )
    findings = await linted(tmp_path / "main.bicep")
    assert shown(findings, "ARM905") == [("main.parameters.json", 1)]


async def test_a_module_that_is_named_alone_is_judged_by_itself(tmp_path: Path) -> None:
    (tmp_path / "main.bicep").write_text("module dts 'dts.bicep' = {\n  name: 'dts'\n}\n")
    (tmp_path / "dts.bicep").write_text(SCHEDULER.replace("10.0.0.0/8", "0.0.0.0/0"))
    assert shown(await linted(tmp_path / "dts.bicep"), "ARM903") == [("dts.bicep", 12)]
