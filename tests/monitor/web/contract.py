"""Every response that a test gets is held against the OpenAPI document."""

import re
from functools import lru_cache
from typing import Any

import httpx
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from durahub_migrate.web.describing import described


class Contract:
    """The document, and which of its operations have been answered."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.answered: set[str] = set()
        self._routes = [
            (re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), method.upper(), operation)
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        ]

    def operation(self, method: str, path: str) -> dict[str, Any] | None:
        for pattern, known, operation in self._routes:
            if known == method and pattern.fullmatch(path):
                found: dict[str, Any] = operation
                return found
        return None

    def check(self, response: httpx.Response) -> None:
        """Fail if a response is not as its operation says."""
        path = response.request.url.raw_path.decode().partition("?")[0]
        operation = self.operation(response.request.method, path)
        if operation is None:
            return
        told = operation["responses"]
        content = told["200" if response.status_code == 200 else "default"]["content"]
        media = response.headers["content-type"].partition(";")[0]
        if response.status_code == 200:
            self.answered.add(operation["operationId"])
        assert media in content, (media, content)
        if media == "application/json":
            validator = self.validator(content[media]["schema"])
            problem = best_match(validator.iter_errors(response.json()))
            assert problem is None, f"{path}: {problem.json_path}: {problem.message[:300]}"

    def validator(self, schema: dict[str, Any]) -> Draft202012Validator:
        whole = {**schema, "components": self.document["components"]}
        return Draft202012Validator(whole)


@lru_cache
def references(text: str) -> frozenset[str]:
    return frozenset(re.findall(r'"#/components/schemas/(\w+)"', text))


CONTRACT = Contract(described())
