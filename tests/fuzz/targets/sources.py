"""The files that the linter reads: templates, parameters, projects, packages, settings, in all languages."""

import contextlib

from durahub.secret_texts import hidden
from durahub_migrate.lint.facts.files import FileProblem
from durahub_migrate.lint.files import app_reader, arm_expressions, functions, templates
from durahub_migrate.lint.files.decoding import Undecodable, decoded
from durahub_migrate.lint.files.json_document import read_json
from durahub_migrate.lint.files.packages import required_packages
from durahub_migrate.lint.files.parameters import read_parameters
from durahub_migrate.lint.files.policies import policy_in_json
from durahub_migrate.lint.files.settings_reader import read_settings_file
from durahub_migrate.lint.files.toml_document import read_toml
from durahub_migrate.lint.files.xml_document import read_xml
from tests.fuzz.target import JSON, clean_text_of, target

BICEP = (
    b"resource a 'Microsoft.DurableTask/schedulers@2025-11-01' = {",
    b"param a string = ",
    b"var a = ",
)
BICEP += (
    b"module m './m.bicep' = {",
    b"[for i in range(0, 9): ",
    b"${",
    b"'''",
    b"...",
    b"if (",
    b"?:",
    b"\n",
)
BICEP += (
    b"output a string = ",
    b"union(",
    b"a.b[",
    b"// durahub: ignore",
    b"properties: {",
    b"[" * 200,
)
ARM = (
    b'"[concat(',
    b"[parameters('a')]",
    b"[variables('a')]",
    b"copyIndex()",
    b"[if(",
    b"resources",
    b'"copy"',
)
XML = (
    b"<Project>",
    b"<ItemGroup>",
    b'<PackageReference Include="',
    b"<!DOCTYPE",
    b"<!ENTITY a",
    b"&a;",
    b"<![CDATA[",
)


@target("bicep", words=BICEP, seconds=8)
def bicep(data: bytes) -> None:
    """A Bicep file, with a module and parameters beside it: facts, or what could not be read."""
    text = clean_text_of(data)
    for _ in templates.facts_of_file(
        "a.bicep", text, {"m.bicep": text[:400], "a.bicepparam": text}
    ):
        pass
    for _ in templates.facts_of_file("a.bicepparam", text, {}):
        pass


@target("arm", words=(*ARM, *JSON), seconds=8)
def arm(data: bytes) -> None:
    """An ARM template and its parameters: facts, or what could not be read; nothing is raised."""
    text = clean_text_of(data)
    read_parameters("a.parameters.json", text)
    for _ in templates.facts_of_file("a.json", text, {"a.parameters.json": text}):
        pass


@target(
    "arm-expression",
    words=(*ARM, b"')]", b"(" * 60, b"''", b"format('{0}'", b"json('", b"base64ToString("),
)
def arm_expression(data: bytes) -> None:
    """An expression of a template: a value, or that it is not known."""

    def given(name: str, arguments: list[object]) -> object:
        return functions.call(name, arguments, name)

    with contextlib.suppress(arm_expressions.Unreadable):
        arm_expressions.evaluate(f"[{clean_text_of(data)}]", given)


@target("json-document", words=(*JSON, b"// a\n", b"/*", b",]"), seconds=6)
def json_document(data: bytes) -> None:
    """A JSON file with comments, perhaps broken: what can be read of it, with places; nothing is raised."""
    text = clean_text_of(data)
    document = read_json("local.settings.json", text)
    list(document.root.leaves())
    found = read_settings_file(document)
    assert found is None or isinstance(found, FileProblem) or found.values is not None
    policy_in_json(document)


@target(
    "toml-document",
    words=(b"[a]", b"= ", b'"""', b"[[", b"a.b", b"'''", b"2026-01-01", b"\n"),
    seconds=6,
)
def toml_document(data: bytes) -> None:
    """A TOML file with the places of its values; nothing is raised."""
    text = clean_text_of(data)
    read_toml("pyproject.toml", text)
    for _ in templates.facts_of_file("durahub.toml", text, {}):
        pass


@target("xml-document", words=XML)
def xml_document(data: bytes) -> None:
    """A project file: its elements, or what is wrong. No entity is unfolded; nothing is raised."""
    document = read_xml("App.csproj", clean_text_of(data))
    if document.root is not None:
        list(document.root.all("PackageReference"))


@target(
    "app-folder", words=(*JSON, *XML, b"\n--\n", b"azure-functions-durable==1.2", b"-r other.txt")
)
def app_folder(data: bytes) -> None:
    """The files of a Functions app, in all the languages that it may be written in; nothing is raised."""
    names = (
        "host.json",
        "App.csproj",
        "pom.xml",
        "package.json",
        "requirements.txt",
        "pyproject.toml",
    )
    names += (
        "local.settings.json",
        "Order/function.json",
        "Directory.Packages.props",
        ".python-version",
    )
    pieces = clean_text_of(data).split("\n--\n")
    for shift in range(3):
        texts = {f"app/{name}": pieces[(at + shift) % len(pieces)] for at, name in enumerate(names)}
        for _ in app_reader.read_app("app", texts):
            pass
    list(required_packages("requirements.txt", pieces[0]))


@target(
    "file-text", words=(b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\0"), may_raise=(Undecodable,)
)
def file_text(data: bytes) -> None:
    """The text of a file in any encoding: back come the same bytes. `Undecodable` is documented."""
    found = decoded(data)
    assert found.encoded(found.text) == data
    hidden(found.text)
