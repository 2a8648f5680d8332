"""The files that run Souffleur elsewhere fit it and each other; what they do was tried by hand."""

import dataclasses
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient

from server.cli import RECORDS

DEPLOY = Path(__file__).parents[2] / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
UNIT = DEPLOY / "souffleur.service"


def settings_in(text: str) -> set[str]:
    """Return the SOUFFLEUR_* variables that a text sets."""
    return set(re.findall(r"\bSOUFFLEUR_[A-Z_]+(?==|: )", text))


@pytest.mark.parametrize("name", ["Dockerfile", "compose.yaml", "souffleur.service"])
def test_every_variable_is_a_setting(name: str) -> None:
    """One that is none would end the server at its start."""
    known = {
        f"SOUFFLEUR_{field.metadata['variable'] or field.name.upper()}"
        for record in RECORDS.values()
        for field in dataclasses.fields(record)
    }
    found = settings_in((DEPLOY / name).read_text(encoding="utf-8"))
    assert found
    assert found - known == set()


def test_the_image_is_pinned_hashed_and_without_root() -> None:
    """Its base has a version, libraries are held to the lock, its user is a number, and every package is in it."""
    assert re.search(r"^ARG BASE=\S+:3\.1[1-3]\.\d+-slim-\w+$", DOCKERFILE, re.MULTILINE)
    assert "--require-hashes --requirement requirements.lock" in DOCKERFILE
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK ", DOCKERFILE, re.MULTILINE)
    sources = {
        word for line in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE) for word in line.split()
    }
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert {f"!{source}" for source in sources} <= set(ignored)
    assert [source for source in sources if not (DEPLOY.parent / source).exists()] == []
    project = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text(encoding="utf-8"))
    packages = project["tool"]["setuptools"]["packages"]["find"]["include"]
    assert {package.removesuffix("*") for package in packages} <= sources


def test_compose_names_what_there_is() -> None:
    """Volumes, files and services that it names are there; what answers visitors is read-only and without rights."""
    services = COMPOSE["services"]
    for name, service in services.items():
        assert set(service.get("depends_on", {})) <= services.keys(), name
        assert re.search(r":v?\d+\.\d+\.\d+|^souffleur$", service["image"]), name
        for mount in service.get("volumes", ()):
            source = re.sub(r"^\$\{\w+:-(.*?)\}", r"\1", mount).split(":")[0]
            there = (DEPLOY / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]
            assert there, mount
    for name in ("build", "souffleur"):
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
    (network,) = COMPOSE["networks"]["default"]["ipam"]["config"]
    assert services["souffleur"]["environment"]["SOUFFLEUR_TRUSTED_PROXY"] == network["subnet"]
    ports = [port for service in services.values() for port in service.get("ports", ())]
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_alerts_ask_for_what_there_is(client: TestClient) -> None:
    """Every metric of an alert is a family of /metrics; `up` is Prometheus's own."""
    exposed = client.get("/metrics").text
    families = set(re.findall(r"^# TYPE (souffleur_\w+) ", exposed, re.MULTILINE))
    alerts = (DEPLOY / "compose" / "alerts.yml").read_text(encoding="utf-8")
    asked = set(re.findall(r"\bsouffleur_\w+", alerts))
    assert asked
    assert asked <= families


def test_prometheus_takes_its_files() -> None:
    """By Prometheus's own word, where it is installed."""
    promtool = shutil.which("promtool") or pytest.skip("promtool is not there: apt-get install prometheus")
    done = subprocess.run(
        [promtool, "check", "config", str(DEPLOY / "compose" / "prometheus.yml")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_unit_is_hardened() -> None:
    """systemd says at most 1.2 of 10, where it is installed."""
    analyze = shutil.which("systemd-analyze") or pytest.skip("systemd-analyze is not there")
    done = subprocess.run(
        [analyze, "security", "--offline=true", "--threshold=12", str(UNIT)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-300:] + done.stderr
