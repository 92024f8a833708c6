"""Whatever the OpenAPI document allows, and much that it does not, is answered without a 500."""

from __future__ import annotations

from contextlib import suppress

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance

from tests.web.conftest import Page

_EXAMPLES = 20
"""Of what is allowed, and as many of what is not, for each thing that can be asked."""


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_no_request_makes_the_server_fail(shared_page: Page, mode: GenerationMode) -> None:
    own = {
        "cookie": shared_page.cookie,
        "origin": shared_page.origin,
        "x-annclust-csrf": shared_page.csrf,
    }
    document = schemathesis.openapi.from_url(f"{shared_page.origin}/openapi.json", headers=own)
    asked = 0
    for found in document.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=_EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        def ask(case: schemathesis.Case) -> None:
            answer = case.call(headers=own)
            case.validate_response(answer, checks=[not_a_server_error, response_schema_conformance])

        with suppress(Unsatisfiable):  # what takes nothing cannot be given anything wrong
            ask()
            asked += 1
    assert asked >= (26 if mode is GenerationMode.POSITIVE else 18)
    assert shared_page.get("/api/collection")["state"] == "ready"


def test_the_document_tells_of_what_can_be_asked_and_of_no_page(shared_page: Page) -> None:
    paths = shared_page.get("/openapi.json")["paths"]
    assert "/api/groups/{photo}" in paths
    assert not any(path.startswith("/static") for path in paths)
