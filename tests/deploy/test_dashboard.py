"""The dashboard asks Prometheus for what the server says."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from server.answering.answering import Answering
from server.answering.index_switch import IndexSwitch
from server.app import create_api
from tests.fakes import FakeEncoder

FILE = Path(__file__).parents[2] / "deploy" / "grafana-dashboard.json"
DASHBOARD: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
CHARTS = [panel for panel in PANELS if panel["type"] != "row"]
EXPRESSIONS = [target["expr"] for panel in CHARTS for target in panel["targets"]]
PROMETHEUS_LABELS = {"job", "le"}
"""Labels that every metric has, or every histogram."""


@pytest.fixture(scope="module")
def exposed(small_index: Path) -> str:
    """The text of /metrics after a question, a request too large, and a switch of indexes."""
    answering = Answering.open(small_index, encoder=FakeEncoder())
    with TestClient(create_api(answering)) as client:
        client.get("/v1/search", params={"q": "certificat"})
        assert client.get("/v1/search", headers={"x-a": "a" * 20_000}).status_code == 431
        IndexSwitch(small_index, answering).reload()
        return client.get("/metrics").text


def metrics_in(expression: str) -> Iterator[tuple[str, str]]:
    """Yield each metric of an expression with what stands between the braces after it."""
    yield from re.findall(r"\b(souffleur_\w+)(?:\{([^}]*)\})?", expression)


def test_every_metric_is_of_the_chosen_job() -> None:
    """There are expressions, and each of their metrics names the job that was chosen."""
    assert len(EXPRESSIONS) > 20
    for expression in EXPRESSIONS:
        assert all('job="$job"' in labels for _, labels in metrics_in(expression)), expression


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_asks_for_what_there_is(exposed: str, expression: str) -> None:
    """Every metric of the dashboard is a sample of /metrics, with the labels that it is asked by."""
    found = list(metrics_in(expression))
    assert found
    for metric, braces in found:
        samples = re.findall(rf"^{metric}(?:\{{(.*)\}})? ", exposed, re.MULTILINE)
        assert samples, metric
        labels = set(re.findall(r"(\w+)=\"", samples[0])) | PROMETHEUS_LABELS
        assert set(re.findall(r"(\w+)=~?\"", braces)) <= labels
        for grouped in re.findall(r"\bby \(([^)]*)\)", expression):
            assert set(grouped.split(", ")) <= labels


def test_no_metric_is_left_out(exposed: str) -> None:
    """Whatever the server counts is drawn somewhere."""
    families = set(
        re.findall(r"^# TYPE (souffleur_\w+?)(?:_total|_created)? (?:counter|gauge|histogram)$", exposed, re.MULTILINE)
    )
    assert families
    drawn = " ".join(EXPRESSIONS)
    assert {family for family in families if family not in drawn} == set()


def test_panels_are_distinct_and_have_units() -> None:
    """No two panels share an id or a place, and each chart has a unit and the datasource of the import."""
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    assert len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in PANELS}) == len(PANELS)
    # A variable, not an input of the import: that would stay open where a folder of dashboards is provisioned.
    assert [item["name"] for item in DASHBOARD["templating"]["list"]] == ["DS_PROMETHEUS", "job"]
    assert "__inputs" not in DASHBOARD
    for panel in CHARTS:
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["description"].endswith(".")
        assert {item["datasource"]["uid"] for item in [panel, *panel["targets"]]} == {"${DS_PROMETHEUS}"}
