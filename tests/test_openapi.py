"""Requests made from the API's own description."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from server.answering import Answering
from server.app import create_app


@pytest.mark.slow
def test_no_request_is_a_server_error(answering: Answering) -> None:
    """Whatever the description allows, the server makes no mistake, and what it refuses is a problem document."""
    schema = schemathesis.openapi.from_asgi("/openapi.json", create_app(answering))
    asked: set[str] = set()
    for found in schema.get_all_operations():
        operation = found.ok()  # type: ignore[union-attr]  # an Err says what is wrong when asked for its ok

        @settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def ask(case: schemathesis.Case[Any]) -> None:
            reply = case.call()
            assert reply.status_code < 500
            if reply.status_code >= 400:
                assert reply.headers["content-type"] == ["application/problem+json"]
                assert "Traceback" not in reply.text

        ask()
        asked.add(operation.path)
    assert {"/v1/search", "/v1/search/batch", "/v1/feedback", "/v1/suggest", "/v1/facets", "/metrics"} <= asked
