"""The service as it stands in production: nginx before API processes over one database, one Redis and one bucket."""

import contextlib
import datetime as dt
import ipaddress
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ROOT = Path(__file__).parents[1]
STORYBOOK = str(Path(sys.executable).parent / "storybook")
START_SECONDS = 90.0
NOBODY = 65534


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def wait_for(url: str, process: subprocess.Popen[bytes], verify: ssl.SSLContext | bool = True) -> None:  # noqa: FBT001, FBT002
    """Until the address answers with anything; an error when the process has ended, or time is up."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(url, verify=verify, trust_env=False, timeout=5).status_code == 200:
                return
        time.sleep(0.05)
    raise RuntimeError(f"{url} does not answer; the process has ended with {process.poll()}")


class Api:
    """One API process that can be stopped and started at the same port."""

    def __init__(self, settings: dict[str, str], folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self.settings = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            "STORYBOOK_DATA_DIR": str(folder / "data"),
        } | settings
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [STORYBOOK, "serve", "--port", str(self.port)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, cwd=self._folder, env=self.settings, stdout=log, stderr=log)
        wait_for(f"http://{self.address}/health/ready", self._process)

    def log(self) -> str:
        """What it has said so far."""
        return (self._folder / "log").read_text()

    def signal(self, number: signal.Signals) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(number)

    def wait(self, seconds: float) -> None:
        if self._process:
            self._process.wait(seconds)

    def kill(self) -> None:
        """As the kernel does that has no memory left."""
        self.signal(signal.SIGKILL)
        self.wait(10)

    def pause(self) -> None:
        self.signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.signal(signal.SIGCONT)

    def stop(self) -> None:
        """As an orchestrator does: a signal, and time to finish."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(timeout=60)


def certificate(folder: Path) -> ssl.SSLContext:
    """Writes a certificate of this machine and its key; what is returned trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "fullchain.pem").write_bytes(made.public_bytes(pem))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return ssl.create_default_context(cafile=folder / "fullchain.pem")


class Nginx:
    """The nginx of this machine with the product's template; it runs as nobody in particular, as in its container."""

    def __init__(self, folder: Path, apis: tuple[str, str], **more: str) -> None:
        self.tls = certificate(folder)
        self.certificate = folder / "fullchain.pem"
        self.port, self.plain_port = free_port(), free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self._folder = folder
        self._command = [str(folder / "start.sh")]
        self._environment = {
            "PATH": f"{os.environ['PATH']}:/usr/sbin",
            "NGINX_API_1": apis[0],
            "NGINX_API_2": apis[1],
            "NGINX_CERTIFICATE": str(self.certificate),
            "NGINX_CERTIFICATE_KEY": str(folder / "privkey.pem"),
            "NGINX_HTTPS_PORT": f"127.0.0.1:{self.port}",
            "NGINX_HTTPS_SUFFIX": f":{self.port}",
            "NGINX_HTTP_PORT": f"127.0.0.1:{self.plain_port}",
            "NGINX_RUN_DIR": str(folder / "run"),
            "NGINX_ACCESS_LOG": str(folder / "calls"),
            **more,
        }
        for name in ("start.sh", "nginx.conf.template"):
            shutil.copy(ROOT / "infra" / "nginx" / name, folder)
        if os.geteuid() == 0:
            for path in (folder, *folder.iterdir()):
                os.chown(path, NOBODY, NOBODY)

    def test(self) -> subprocess.CompletedProcess[str]:
        """What `nginx -t` says."""
        command = [*self._command, "-t"]
        return subprocess.run(
            command, env=self._environment, capture_output=True, text=True, check=False, **_as_nobody()
        )

    @contextlib.contextmanager
    def running(self) -> Iterator["Nginx"]:
        with (self._folder / "log").open("ab") as log:
            process = subprocess.Popen(self._command, env=self._environment, stdout=log, stderr=log, **_as_nobody())
        try:
            until = time.monotonic() + START_SECONDS
            while time.monotonic() < until and process.poll() is None:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                    break
                time.sleep(0.02)
            yield self
        finally:
            process.terminate()
            process.wait(timeout=30)

    def log(self) -> str:
        """What it has written down of the calls, and complained about."""
        return (self._folder / "calls").read_text() + (self._folder / "log").read_text()

    def client(self, **more: object) -> httpx.Client:
        return httpx.Client(base_url=self.url, verify=self.tls, trust_env=False, timeout=60, **more)


def _as_nobody() -> dict[str, object]:
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that another account may enter."""
    with tempfile.TemporaryDirectory(prefix="storybook-nginx-") as name:
        Path(name).chmod(0o755)
        yield Path(name)
