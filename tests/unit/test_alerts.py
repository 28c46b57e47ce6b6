"""The alerts fire when they should and are of figures that there are. `promtool` is Prometheus's own judge."""

import json
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from storybook.core import metrics
from tests.figures import names_in
from tests.unit.test_infra import EXAMPLE, INFRA, PRODUCTION

FOLDER = INFRA / "prometheus"
RULES = [rule for group in yaml.safe_load((FOLDER / "rules.yml").read_text())["groups"] for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
RECORDED = {rule["record"] for rule in RULES if "record" in rule}
REHEARSALS = yaml.safe_load((FOLDER / "rules_test.yml").read_text())["tests"]
DASHBOARD: dict[str, Any] = json.loads((INFRA / "grafana" / "storybook.json").read_text())
PROMTOOL = shutil.which("promtool")


def promtool(*arguments: str) -> str:
    """What it says; scripts/test.sh puts it on the PATH."""
    assert PROMTOOL, "promtool is missing: scripts/prometheus.sh FOLDER, or Debian's package prometheus"
    done = subprocess.run([PROMTOOL, *arguments], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_each_rehearsal_goes_as_it_should() -> None:
    promtool("test", "rules", "rules_test.yml")


def test_the_configuration_is_one_that_prometheus_takes(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret")
    text = (FOLDER / "prometheus.yml").read_text().replace("/run/secrets/metrics_token", str(tmp_path / "token"))
    (tmp_path / "prometheus.yml").write_text(text)
    (tmp_path / "rules.yml").write_bytes((FOLDER / "rules.yml").read_bytes())
    said = promtool("check", "config", "--lint=all", "--lint-fatal", str(tmp_path / "prometheus.yml"))
    assert f"{len(RULES)} rules found" in said


def fired() -> Iterator[tuple[str, int, set[str]]]:
    """Of each rehearsal its name, and at each minute that is looked at the alerts that fire."""
    for rehearsal in REHEARSALS:
        for look in rehearsal["promql_expr_test"]:
            firing = {name for sample in look["exp_samples"] for name in re.findall(r'"(\w+)"', sample["labels"])}
            yield rehearsal["name"], int(look["eval_time"].removesuffix("m")), firing


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_fires_in_a_rehearsal_and_clears(alert: str) -> None:
    looks: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    for name, minute, firing in fired():
        looks[name].append((minute, alert in firing))
    states = ["".join("F" if fires else "-" for _, fires in sorted(each)) for each in looks.values()]
    assert any("F-" in state for state in states), states
    rule = ALERTS[alert]
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"].keys() == {"summary", "description"}


def test_every_figure_that_is_asked_for_is_one_that_is_told() -> None:
    panels = [panel for panel in DASHBOARD["panels"] if panel["type"] not in {"row", "alertlist"}]
    asked = [target["expr"] for panel in panels for target in panel["targets"]]
    expressions = [*asked, *(rule["expr"] for rule in RULES)]
    used = set.union(*(names_in(re.sub(r"storybook:\w+:\w+", "", each)) for each in expressions))
    assert used <= metrics.names(), used - metrics.names()
    assert {name for each in expressions for name in re.findall(r"storybook:\w+:\w+", each)} <= RECORDED
    told = {name for name in metrics.names() if name.startswith("storybook_") and not name.endswith(("_sum", "_count"))}
    assert told <= used, "nobody looks at these"


def test_every_process_of_production_is_asked_where_it_answers() -> None:
    jobs = yaml.safe_load((FOLDER / "prometheus.yml").read_text())["scrape_configs"]
    asked = {target for job in jobs for where in job["static_configs"] for target in where["targets"]}
    port = str(EXAMPLE["METRICS_ADDRESS"]).rpartition(":")[2]
    ports = {"api": "8000", "worker": port, "beat": port}
    ours = {name: service.command[0] for name, service in PRODUCTION.services.items() if service.command}
    assert asked == {f"{name}:{ports[part]}" for name, part in ours.items() if part in ports}
    assert {job["authorization"]["credentials_file"] for job in jobs} == {"/run/secrets/metrics_token"}
    for name in ("prometheus", "alertmanager", "grafana"):
        assert PRODUCTION.services[name].profiles == ["watch"]
        assert not PRODUCTION.services[name].ports


def test_every_alert_is_sent_to_somebody() -> None:
    [where] = yaml.safe_load((FOLDER / "prometheus.yml").read_text())["alerting"]["alertmanagers"]
    assert where["static_configs"] == [{"targets": ["alertmanager:9093"]}]
    sent = yaml.safe_load((FOLDER / "alertmanager.yml").read_text())
    receivers = {receiver["name"]: receiver for receiver in sent["receivers"]}
    for route in (sent["route"], *sent["route"]["routes"]):
        [hook] = receivers[route["receiver"]]["webhook_configs"]
        assert hook["url_file"] == f"/run/secrets/{PRODUCTION.services['alertmanager'].secrets[0]}"
    said = re.findall(r'(\w+)="(\w+)"', str(sent))
    assert {value for name, value in said if name == "alertname"} < ALERTS.keys()
    assert {value for name, value in said if name == "severity"} == {"page"}


def test_a_panel_of_the_dashboard_has_a_place_of_its_own_and_a_source() -> None:
    source = yaml.safe_load((INFRA / "grafana" / "datasource.yml").read_text())["datasources"][0]
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        here = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not here & taken, panel["title"]
        taken |= here
        for target in panel.get("targets", ()):
            assert target["datasource"]["uid"] == panel["datasource"]["uid"] == source["uid"]
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
