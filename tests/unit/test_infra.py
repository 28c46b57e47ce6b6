"""What runs the service in containers, held against what the service knows. Nothing here needs Docker."""

import os
import re
import subprocess
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml
from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict

from storybook.core.settings import Settings
from storybook.core.settings_rules import SECRETS

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
COMPOSE = {name: INFRA / name for name in ("docker-compose.yml", "docker-compose.prod.yml")}
MENDED = {"postgres": (16, 16), "redis": (7, 4, 10), "nginx": (1, 30, 5)}
"""Images of versions before these have known holes."""
PARTS = {"api", "worker", "beat", "migrate"}
KNOWN = set(Settings.model_fields)
FILES = set(re.findall(r"=/run/secrets/(\S+)", (INFRA / "production.env.example").read_text()))
"""Secrets that a setting names by their file."""
EXAMPLE = dotenv_values(INFRA / "production.env.example")
SHELL = [*(ROOT / "scripts").rglob("*.sh"), *INFRA.rglob("*.sh")]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Healthcheck(Strict):
    test: list[str] | None = None
    interval: str | None = None
    timeout: str | None = None
    retries: int | None = None
    disable: bool = False


class Limits(Strict):
    cpus: str
    memory: str
    pids: int


class Service(Strict):
    """The keys of a service that are used here; any other is a mistake."""

    image: str
    build: dict[str, str] | None = None
    command: list[str] | None = None
    entrypoint: list[str] | None = None
    user: str | None = None
    environment: dict[str, str] = {}
    env_file: list[str] = []
    secrets: list[str] = []
    ports: list[str] = []
    volumes: list[str] = []
    tmpfs: list[str] = []
    networks: list[str] | dict[str, dict[str, str]] = []
    depends_on: dict[str, dict[str, str]] = {}
    healthcheck: Healthcheck | None = None
    deploy: dict[str, dict[str, Limits]] = {}
    logging: dict[str, Any] = {}
    restart: str | None = None
    read_only: bool = False
    init: bool = False
    cap_drop: list[str] = []
    security_opt: list[str] = []
    stop_grace_period: str | None = None
    shm_size: str | None = None
    profiles: list[str] = []

    @property
    def is_ours(self) -> bool:
        return self.image.startswith("storybook:")


class Compose(Strict):
    name: str
    services: dict[str, Service]
    volumes: dict[str, None] = {}
    networks: dict[str, dict[str, Any]] = {}
    secrets: dict[str, dict[str, str]] = {}


def read(name: str) -> Compose:
    document = yaml.safe_load(COMPOSE[name].read_text())
    return Compose.model_validate({key: value for key, value in document.items() if not key.startswith("x-")})


def services(name: str) -> Iterator[tuple[str, Service]]:
    yield from read(name).services.items()


PRODUCTION = read("docker-compose.prod.yml")


@pytest.mark.parametrize("name", COMPOSE)
def test_every_name_in_a_compose_file_leads_somewhere(name: str) -> None:
    compose = read(name)
    for service in compose.services.values():
        assert set(service.depends_on) <= set(compose.services)
        for needed, how in service.depends_on.items():
            assert how["condition"] != "service_healthy" or compose.services[needed].healthcheck or needed[:3] == "api"
        assert set(service.networks) <= set(compose.networks)
        assert set(service.secrets) <= set(compose.secrets)
        for volume in service.volumes:
            source = re.sub(r"^\$\{\w+:-(.+?)\}", r"\1", volume).split(":")[0]
            there = source in compose.volumes or source in {"./tls", "./acme"} or (INFRA / source).is_file()
            assert there, source
        for file in service.env_file:
            assert (INFRA / file.replace(".env", ".env.example")).is_file()
    assert {part[0] for s in compose.services.values() if s.is_ours and (part := s.command)} == PARTS


@pytest.mark.parametrize("name", COMPOSE)
def test_every_setting_in_a_compose_file_is_one_that_the_service_reads(name: str) -> None:
    compose = read(name)
    for service in (service for service in compose.services.values() if service.is_ours):
        assert {setting.lower() for setting in service.environment} <= KNOWN
        assert set(service.secrets) <= KNOWN | FILES
        assert not {setting.lower() for setting in service.environment} & set(service.secrets)
    examples = [ROOT / ".env.example", INFRA / "production.env.example"]
    for line in "\n".join(file.read_text() for file in examples).splitlines():
        if found := re.match(r"(?:# )?([A-Z][A-Z0-9_]+)=", line):
            assert found[1].lower() in KNOWN, line


@pytest.mark.parametrize("name", COMPOSE)
def test_every_image_is_pinned(name: str) -> None:
    for service in read(name).services.values():
        tag = service.image.rpartition(":")[2]
        assert service.is_ours or re.search(r"\d+\.\d+|RELEASE\.\d{4}", tag), service.image
        name, version = service.image.partition(":")[0], tuple(map(int, re.findall(r"\d+", tag)))
        assert version >= MENDED.get(name, ()), service.image


def test_only_nginx_is_open_to_the_public() -> None:
    assert {name for name, service in PRODUCTION.services.items() if service.ports} == {"nginx"}
    # Over IPv6, into a network without it, every phone would have the address of Docker's gateway.
    assert all(port.startswith("0.0.0.0:") for port in PRODUCTION.services["nginx"].ports)
    for service in read("docker-compose.yml").services.values():
        assert all(port.startswith("127.0.0.1:") for port in service.ports)
    assert PRODUCTION.networks["inside"] == {"internal": True}
    assert PRODUCTION.services["postgres"].networks == ["inside"]


@pytest.mark.parametrize(("name", "service"), PRODUCTION.services.items())
def test_a_service_of_production_can_do_little_and_take_little(name: str, service: Service) -> None:
    assert service.read_only
    assert service.cap_drop == ["ALL"]
    assert service.security_opt == ["no-new-privileges:true"]
    assert service.deploy["resources"]["limits"].memory
    assert service.restart == ("no" if name == "migrate" else "unless-stopped")


def fixed_addresses() -> dict[str, str]:
    """Of the services that have one, by their name."""
    found = {
        name: networks["outside"].get("ipv4_address")
        for name, service in PRODUCTION.services.items()
        if isinstance(networks := service.networks, dict)
    }
    return {name: address for name, address in found.items() if address}


def test_docker_gives_nobody_an_address_that_is_somebody_elses() -> None:
    [network] = PRODUCTION.networks["outside"]["ipam"]["config"]
    whole, given = ip_network(network["subnet"]), ip_network(network["ip_range"])
    fixed = [ip_address(address) for address in fixed_addresses().values()]
    assert len(set(fixed)) == len(fixed) >= 4
    assert all(address in whole and address not in given for address in fixed)


def test_every_secret_that_can_be_set_reaches_the_service() -> None:
    wanted = {*SECRETS, "database_url"} - {"development_receipt_key"} | FILES
    for name in ("api-1", "worker-1", "beat", "migrate"):
        assert wanted <= set(PRODUCTION.services[name].secrets)


@pytest.mark.parametrize(
    ("version", "said"), [("1.22.1", "ssl http2;"), ("1.25.1", "http2 on;"), ("1.30.5", "http2 on;")]
)
def test_nginx_is_told_of_http_2_as_its_version_has_it(tmp_path: Path, version: str, said: str) -> None:
    nginx = tmp_path / "nginx"
    nginx.write_text(f"#!/bin/sh\necho nginx version: nginx/{version} >&2\n")
    nginx.chmod(0o755)
    told = {f"NGINX_{name}": "x" for name in ("API_1", "API_2", "CERTIFICATE", "CERTIFICATE_KEY")}
    told |= {"NGINX_RUN_DIR": str(tmp_path), "PATH": f"{tmp_path}:{os.environ['PATH']}", "S3_BUCKET": "pictures"}
    subprocess.run([INFRA / "nginx" / "start.sh"], env=told, check=True, capture_output=True)
    made = (tmp_path / "nginx.conf").read_text()
    assert [words in made for words in ("ssl http2;", "http2 on;")].count(True) == 1
    assert said in made
    assert "/pictures/$key" in made


def test_production_has_two_of_what_must_not_stop() -> None:
    parts = [service.command[0] for service in PRODUCTION.services.values() if service.is_ours and service.command]
    assert sorted(parts) == ["api", "api", "beat", "migrate", "worker", "worker"]
    for name in ("api-1", "api-2", "worker-1", "worker-2", "beat"):
        assert PRODUCTION.services[name].depends_on["migrate"] == {"condition": "service_completed_successfully"}
    nginx, addresses = PRODUCTION.services["nginx"], fixed_addresses()
    assert nginx.environment["NGINX_API_1"] == f"{addresses['api-1']}:8000"
    assert nginx.environment["NGINX_API_2"] == f"{addresses['api-2']}:8000"
    assert nginx.environment["NGINX_FILES"] == f"{addresses['minio']}:9000"
    assert EXAMPLE["TRUSTED_PROXIES"] == addresses["nginx"]
    assert EXAMPLE["USE_CELERY"] == "true"


def test_what_an_operator_says_in_the_file_is_not_said_otherwise_beside_it() -> None:
    for service in (service for service in PRODUCTION.services.values() if service.is_ours):
        assert service.env_file == ["production.env"]
        assert service.environment == {"ENVIRONMENT": "production"}


def test_the_queue_forgets_nothing_and_is_not_the_redis_that_counts() -> None:
    broker, limits = PRODUCTION.services["broker"].command, PRODUCTION.services["limits"].command
    assert broker
    assert limits
    assert broker[broker.index("--maxmemory-policy") + 1] == "noeviction"
    assert limits[limits.index("--maxmemory-policy") + 1] == "allkeys-lru"


def test_no_secret_of_production_is_in_a_file_that_is_committed() -> None:
    for service in PRODUCTION.services.values():
        given = {name.lower() for name, value in service.environment.items() if value}
        assert not given & {*SECRETS, "database_url"}
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"infra/production.env", "infra/secrets/*", "infra/tls/", "infra/acme/", ".env"} <= set(ignored)
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"


def test_the_secrets_that_are_made_are_those_that_are_asked_for(tmp_path: Path) -> None:
    subprocess.run([INFRA / "secrets.sh", tmp_path], check=True, capture_output=True)
    assert {path.name for path in tmp_path.iterdir()} == set(PRODUCTION.secrets)
    assert {Path(secret["file"]).name for secret in PRODUCTION.secrets.values()} == set(PRODUCTION.secrets)


def test_a_new_certificate_is_put_in_place_and_nginx_reads_it(tmp_path: Path) -> None:
    (tmp_path / "live").mkdir()
    for name in ("fullchain.pem", "privkey.pem"):
        (tmp_path / name).write_text(f"the new {name}")
        (tmp_path / "live" / name).symlink_to(tmp_path / name)
    docker = tmp_path / "docker"
    docker.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/asked\ncase "$*" in *" ps "*) echo c0ffee ;; esac\n')
    docker.chmod(0o755)
    told = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "STORYBOOK_TLS": str(tmp_path / "tls")}
    subprocess.run([INFRA / "certificate.sh"], env=told | {"RENEWED_LINEAGE": str(tmp_path / "live")}, check=True)
    put = {path.name: path for path in (tmp_path / "tls").iterdir()}
    assert set(put) == {"fullchain.pem", "privkey.pem"}
    assert all(path.read_text() == f"the new {name}" and not path.is_symlink() for name, path in put.items())
    assert put["privkey.pem"].stat().st_mode & 0o077 == 0
    assert (tmp_path / "asked").read_text().splitlines()[-1].endswith("kill --signal HUP nginx")


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions with what they say, in order."""
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def test_the_image_is_small_pinned_and_unprivileged() -> None:
    words = instructions()
    stages = [index for index, (word, _) in enumerate(words) if word == "FROM"]
    assert len(stages) == 2
    assert re.fullmatch(r"PYTHON_IMAGE=python:3\.\d+\.\d+-slim-\w+", words[0][1])
    last = dict(words[stages[-1] :])
    assert last["USER"] == "10001:10001"
    assert last["HEALTHCHECK"].endswith('"health"]')
    assert last["STOPSIGNAL"] == "SIGTERM"
    assert last["ENTRYPOINT"].endswith('entry.sh"]')
    assert last["CMD"] == '["api"]'
    assert not [said for word, said in words if word == "ADD"]
    assert not [said for word, said in words if word in {"ARG", "ENV"} and re.search("KEY|SECRET|PASSWORD|TOKEN", said)]
    copied = [part for word, said in words if word == "COPY" and "--from" not in said for part in said.split()[:-1]]
    assert all((ROOT / part).exists() for part in copied)
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert set(copied) <= allowed


@pytest.mark.parametrize("script", SHELL, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_script_is_readable_by_its_shell_and_stops_at_an_error(script: Path) -> None:
    shell = script.read_text().partition("\n")[0].removeprefix("#!").split() or ["bash"]
    shell = shell if shell[0].startswith("/") else ["bash"]
    assert subprocess.run([*shell, "-n", script], check=False).returncode == 0
    if script.name != "environment.sh":
        assert script.stat().st_mode & 0o111
        assert re.search(r"^set -eu", script.read_text(), re.MULTILINE)


def test_the_workflow_calls_only_our_scripts_and_may_do_little() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    assert workflow["permissions"] == {"contents": "read"}
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    for step in steps:
        assert "timeout-minutes" not in step
        if "uses" in step:
            assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", step["uses"]), step
        else:
            script = step["run"].split()[0]
            assert (ROOT / script).is_file(), script
            assert "\n" not in step["run"].strip()
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())
    assert workflow["jobs"]["check"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13", "3.14"]
