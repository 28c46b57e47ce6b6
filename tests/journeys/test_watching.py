"""A real Prometheus with the configuration of production, before a real API."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from storybook.core.embedded_postgres import EmbeddedPostgres
from storybook.domain.jobs import JobKind
from storybook.services.gauges import STATES
from tests.conftest import database_for
from tests.fixtures_celery import wait_for
from tests.fixtures_front import ROOT, Api, free_port

TOKEN = "a token that opens the figures"
PROMETHEUS = shutil.which("prometheus")


class Prometheus:
    """What it knows, by its own API."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def ask(self, expression: str) -> dict[str, float]:
        """The values by their labels; none while it does not answer."""
        try:
            answer = httpx.get(f"{self.url}/api/v1/query", params={"query": expression}, trust_env=False)
        except httpx.TransportError:
            return {}
        rows: list[Any] = answer.json()["data"]["result"] if answer.is_success else []
        return {json.dumps(row["metric"], sort_keys=True): float(row["value"][1]) for row in rows}

    def until(self, expression: str) -> dict[str, float]:
        """The values as soon as there are some."""
        wait_for(lambda: bool(self.ask(expression)))
        return self.ask(expression)


@contextmanager
def prometheus(folder: Path, api: Api) -> Iterator[Prometheus]:
    """With the production's files; it asks this API alone, and every second."""
    assert PROMETHEUS, "prometheus is missing: scripts/prometheus.sh FOLDER, or Debian's package of this name"
    source = ROOT / "infra" / "prometheus"
    config = yaml.safe_load((source / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    for job in config["scrape_configs"]:
        job["authorization"]["credentials_file"] = str(folder / "token")
        job["static_configs"] = [{"targets": [api.address] if job["job_name"] == "api" else []}]
    (folder / "token").write_text(TOKEN)
    (folder / "rules.yml").write_bytes((source / "rules.yml").read_bytes())
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    port = free_port()
    options = {
        "config.file": folder / "prometheus.yml",
        "storage.tsdb.path": folder / "figures",
        "web.listen-address": f"127.0.0.1:{port}",
    }
    command = [PROMETHEUS, *(f"--{name}={value}" for name, value in options.items())]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        yield Prometheus(port)
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.mark.long
def test_a_real_prometheus_sees_an_api_and_that_it_is_gone(
    postgres: EmbeddedPostgres, template: str, tmp_path: Path
) -> None:
    with database_for(postgres, template) as url:
        api = Api({"DATABASE_URL": url, "METRICS_TOKEN": TOKEN, "CPU_WORKERS": "1"}, tmp_path)
        api.start()
        try:
            with prometheus(tmp_path, api) as watching:
                assert list(watching.until("storybook_ledger_difference_credits").values()) == [0.0]
                assert set(watching.ask("storybook_database_up").values()) == {1.0}
                assert len(watching.ask("storybook_jobs")) == len(JobKind) * len(STATES)
                api.stop()
                down = watching.until('ALERTS{alertname="InstanceIsDown", alertstate="pending"}')
                assert [json.loads(labels)["instance"] for labels in down] == [api.address]
        finally:
            api.stop()
