from hypothesis import given
from hypothesis import strategies as st

from durahub_migrate.lint.files.packages import maven_packages, nuget_packages
from durahub_migrate.lint.files.xml_document import read_xml

PROJECT = """\ufeff<?xml version="1.0" encoding="utf-16"?>
<Project Sdk="Microsoft.NET.Sdk" xmlns="http://schemas.microsoft.com/developer/msbuild/2003">
  <PropertyGroup><Durable>1.2.2</Durable></PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Attribute" Version="1.0.0" />
    <PackageReference Include="Element">
      <Version>[2.0, 3.0)</Version>
    </PackageReference>
    <PackageReference Include="Property" Version="$(Durable)" />
    <PackageReference Include="Central" />
    <PackageReference Include="Override" VersionOverride="9.0.0" />
    <PackageReference Include="Unknown" Version="$(Elsewhere)" />
  </ItemGroup>
</Project>
"""
CENTRAL = """<Project><ItemGroup>
<PackageVersion Include="central" Version="4.0.0" />
<PackageVersion Include="Override" Version="1.0.0" />
</ItemGroup></Project>"""


def test_versions_stand_in_attributes_elements_properties_and_central_files() -> None:
    packages = nuget_packages(read_xml("app.csproj", PROJECT), [read_xml("D.props", CENTRAL)])
    assert {one.name: one.version for one in packages} == {
        "Attribute": "1.0.0",
        "Element": "[2.0, 3.0)",
        "Property": "1.2.2",
        "Central": "4.0.0",
        "Override": "9.0.0",
        "Unknown": None,
    }


def test_a_package_has_the_place_of_its_element() -> None:
    first = next(nuget_packages(read_xml("app.csproj", PROJECT)))
    assert str(first.place) == "app.csproj:5:5"
    span = first.place.span
    assert span is not None
    tag = PROJECT.encode()[span.start : span.stop].decode()
    assert tag == '<PackageReference Include="Attribute" Version="1.0.0" />'


def test_what_stands_before_a_mistake_is_read() -> None:
    document = read_xml("app.csproj", PROJECT.replace("</ItemGroup>", "</ItemGrupp>"))
    ((sentence, span),) = document.problems
    assert sentence == "not XML: mismatched tag"
    assert span.line == 13
    assert len(list(nuget_packages(document))) == 6


def test_entities_of_a_file_are_refused() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY x "1"><!ENTITY y "&x;&x;">]><a>&y;</a>'
    ((sentence, _),) = read_xml("app.csproj", bomb).problems
    assert sentence == "not read: it declares entities"


def test_elements_too_deep_are_refused() -> None:
    assert read_xml("app.csproj", "<a>" * 500 + "</a>" * 500).problems


def test_a_pom_names_artifacts_and_properties() -> None:
    pom = """<project><properties><v.d>1.9.0</v.d></properties><dependencies><dependency>
    <groupId>com.microsoft</groupId><artifactId>durabletask-azure-functions</artifactId>
    <version>${v.d}</version></dependency></dependencies></project>"""
    ((name, version),) = [(one.name, one.version) for one in maven_packages(read_xml("p", pom))]
    assert (name, version) == ("durabletask-azure-functions", "1.9.0")


@given(st.text(alphabet="<>/a \"='!&;-[]\n"))
def test_no_text_is_too_broken(text: str) -> None:
    assert read_xml("x.csproj", text).path == "x.csproj"
