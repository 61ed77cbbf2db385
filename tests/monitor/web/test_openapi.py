"""The OpenAPI document: made from the routes, valid, and committed for the front end."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from starlette.routing import Route

from durahub_migrate.web.application import application
from durahub_migrate.web.describing import described
from durahub_migrate.web.schemas import Schemas
from tests.monitor.web.contract import references
from tests.monitor.web.watched import two_hubs

ROOT = Path(__file__).parents[3]
DOCUMENT = described()


def operations() -> list[tuple[str, str]]:
    return [(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods]


def test_the_committed_document_is_the_one_that_is_served() -> None:
    kept = json.loads((ROOT / "migrate/ui/openapi.json").read_text("utf-8"))

    assert kept == DOCUMENT, "run: python -m durahub_migrate.web.describing migrate/ui/openapi.json"


@pytest.mark.parametrize(("path", "method"), operations())
def test_an_operation_is_told_whole(path: str, method: str) -> None:
    operation = DOCUMENT["paths"][path][method]
    in_path = {one["name"] for one in operation["parameters"] if one["in"] == "path"}

    assert operation["summary"]
    assert operation["responses"]["200"]["content"]
    assert in_path == set(re.findall(r"\{(\w+)\}", path))
    assert all(one["required"] for one in operation["parameters"] if one["in"] == "path")
    assert all(one["description"] for one in operation["parameters"] if one["in"] == "query")


def test_operations_have_names_of_their_own() -> None:
    names = [DOCUMENT["paths"][path][method]["operationId"] for path, method in operations()]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", sorted(DOCUMENT["components"]["schemas"]))
def test_a_component_is_a_schema_and_says_what_it_is(name: str) -> None:
    schema = DOCUMENT["components"]["schemas"][name]

    Draft202012Validator.check_schema(schema)
    assert schema["description"]


def test_every_reference_leads_somewhere() -> None:
    assert references(json.dumps(DOCUMENT)) <= set(DOCUMENT["components"]["schemas"])


def test_what_has_no_schema_is_an_error() -> None:
    with pytest.raises(TypeError, match="has no schema"):
        Schemas().of(complex)


def test_every_route_of_the_api_is_in_the_document() -> None:
    app = application(two_hubs()[2])
    routes = {
        (route.path, method.lower())
        for route in app.routes
        if isinstance(route, Route) and "path:path" not in route.path
        for method in (route.methods or ())
        if method != "HEAD"
    }

    assert routes - {("/api/openapi.json", "get")} == set(operations())
