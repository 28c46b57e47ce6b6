"""Questions about one value of the settings. An empty one is never wrong: that it is missing is another question."""

import re
from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from itertools import pairwise
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from storybook.core.host_names import is_host, is_port

MIN_SECRET = 32
"""Whoever has a token can try out secrets on it, as fast as a machine can."""
MIN_PASSWORD = 12
MIN_DIFFERENT = 8
"""Of 32 hexadecimal digits by chance, one in 25 million has fewer."""
MIN_TURNS = 20
"""Ways in which a secret goes on from one character to the next three; a repeated word has as many as characters."""
_PLACEHOLDER = re.compile(
    r"<[^>]*>|(?<![a-z])change[-_]?me(?![a-z])|(?<![^\s/@.,])example\.(com|org|net)(?![^\s/:,])", re.IGNORECASE
)
_PLACEHOLDER_OF_A_SECRET = re.compile(
    r"<[^>]*>|change[-_ ]?(me|this)|placeholder|replace[-_ ]?(me|this|with)"
    r"|(?<![a-z0-9])((your|insert)[-_ ]|(todo|example|dummy)(?![a-z0-9]))",
    re.IGNORECASE,
)
"""Long words, and short ones between signs: what chance makes has none of them."""
_CROSSES = re.compile(r"x{4,}", re.IGNORECASE)
_KEY = re.compile(r"[!-~]+")
_BUCKET = re.compile(r"(?!.*\.\.)(?!\d+(\.\d+){3}$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_HEADER = re.compile(r"[A-Za-z0-9_.-]+\s*=[ -~]*")
_GUESSED_FIRST = {"minioadmin", "minio", "admin", "root", "postgres", "password", "secret", "storybook", "guest"}
_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_KEYBOARD = (*_ROWS, *(row[::-1] for row in _ROWS))
_DATABASE_OPTIONS = {"ssl", "host", "port", "target_session_attrs"}
_ENCRYPTED = {"require", "verify-ca", "verify-full"}
_SSL_MODES = {"disable", "allow", "prefer", *_ENCRYPTED}
_NOWHERE = {"localhost", "local", "internal", "lan", "localdomain", "arpa", "test", "example", "invalid"}
"""The last words of names that no phone finds outside of a network that has them."""
REDIS_PORT = 6379
GRPC_PORT = 4317
_WEB_PORTS = {"http": 80, "https": 443}
MOST_ADDRESSES = {4: 2**26, 6: 2**122}
"""Of proxies that are believed."""


def is_missing(value: str) -> bool:
    return not value


def is_placeholder(text: str) -> bool:
    """Whether a text still has what a manual says: names that somebody may well have, such as your-story, have not."""
    return _PLACEHOLDER.search(text) is not None


def is_placeholder_of_a_secret(secret: str) -> bool:
    """Whether words say that it is none, or most of it is crossed out."""
    crossed = sum(len(crosses) for crosses in _CROSSES.findall(secret))
    return _PLACEHOLDER_OF_A_SECRET.search(secret) is not None or 0 < len(secret) <= 2 * crossed


def is_short(secret: str) -> bool:
    return 0 < len(secret) < MIN_SECRET


def is_monotonous(secret: str) -> bool:
    """Few different characters, the same few again and again, or one after the other as in the alphabet."""
    steps = [ord(after) - ord(before) for before, after in pairwise(secret)]
    turns = set(zip(steps, steps[1:], steps[2:], strict=False))
    few = len(set(secret)) < MIN_DIFFERENT or len(turns) < MIN_TURNS
    return len(secret) >= MIN_SECRET and (few or is_pattern(secret))


def is_pattern(secret: str) -> bool:
    """So few different characters or turns, or so much of a row of a keyboard, that a short secret shows it too."""
    steps = [ord(after) - ord(before) for before, after in pairwise(secret)]
    turns = set(zip(steps, steps[1:], steps[2:], strict=False))
    fours = [secret[start : start + 4].lower() for start in range(len(secret) - 3)]
    typed = sum(any(four in row for row in _KEYBOARD) for four in fours)
    return bool(secret) and (
        len(set(secret)) < min(len(secret) / 4, MIN_DIFFERENT) or len(turns) * 3 < len(secret) or typed * 2 > len(fours)
    )


def rests_on_a_guess(secret: str) -> bool:
    """Whether little is left of it without the words that are guessed first."""
    rest = re.sub("|".join(sorted(_GUESSED_FIRST, key=len, reverse=True)), "", secret.lower())
    return len(rest) < min(len(secret), MIN_PASSWORD)


def is_no_key(key: str) -> bool:
    """A key travels in a header: signs of ASCII, without a blank or a new line."""
    return bool(key) and not _KEY.fullmatch(key)


def is_guessed_first(secret: str) -> bool:
    return secret.lower() in _GUESSED_FIRST


def is_no_web_address(url: str) -> bool:
    """No host, or more than a host, a port and a path: a user is nothing for an address that others are told."""
    parts = _split(url)
    if parts is None or parts.scheme not in {"http", "https"} or not is_host(parts.hostname or ""):
        return bool(url)
    return bool(parts.query or parts.fragment or "@" in parts.netloc or re.search(r"\s", url))


def has_a_path(url: str) -> bool:
    parts = _split(url)
    return parts is not None and parts.path not in {"", "/"}


def is_no_redis_address(url: str) -> bool:
    """No host, a port that is none, or a database that is no number."""
    parts = _split(url)
    if parts is None or parts.scheme not in {"redis", "rediss", "unix"}:
        return bool(url)
    if parts.scheme == "unix":
        return not parts.path
    return not parts.hostname or re.fullmatch(r"/?\d*", parts.path, re.ASCII) is None


def is_redis_read_on_the_way(url: str) -> bool:
    parts = _split(url)
    return parts is not None and parts.scheme == "redis" and not is_near(url)


def are_one_redis(url: str, other: str) -> bool:
    """Whether both are databases of the same server, which forgets in all of them or in none."""
    return bool(url and other) and _redis_server(url) == _redis_server(other)


def _redis_server(url: str) -> tuple[str, int | str] | None:
    parts = _split(url)
    if parts is None:
        return None
    return host_of(url), parts.path if parts.scheme == "unix" else parts.port or REDIS_PORT


def is_no_socket(address: str) -> bool:
    parts = _split(f"//{address}")
    return bool(address) and not (parts and parts.hostname and parts.port and not re.search(r"[/?#@\s]", address))


def is_no_bucket(name: str) -> bool:
    return bool(name) and not _BUCKET.fullmatch(name)


def is_no_origin(origin: str) -> bool:
    """Whether it is not what a browser sends, letter by letter."""
    return origin != "*" and ("*" in origin or is_no_web_address(origin) or origin != _origin(origin))


def _origin(url: str) -> str | None:
    parts = _split(url)
    if parts is None or not host_of(url).isascii():
        return None
    host = f"[{parts.hostname}]" if ":" in host_of(url) else host_of(url)
    port = "" if parts.port in {None, _WEB_PORTS.get(parts.scheme)} else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def is_no_network(address: str) -> bool:
    try:
        ip_network(address, strict=False)
    except ValueError:
        return address != "*"
    return False


def are_everybody(addresses: Iterable[str]) -> bool:
    """Whether they are more together than any operator or CDN has."""
    of_each = {4: 0, 6: 0}
    for address in addresses:
        if not is_no_network(address) and address != "*":
            network = ip_network(address, strict=False)
            of_each[network.version] += network.num_addresses
    return "*" in addresses or any(count > MOST_ADDRESSES[version] for version, count in of_each.items())


def is_unencrypted(url: str) -> bool:
    parts = _split(url)
    return parts is not None and parts.scheme == "http"


def is_read_on_the_way(url: str) -> bool:
    """Whether what is sent there leaves this machine and its own network without encryption."""
    return is_unencrypted(url) and not is_near(url)


def is_near(url: str) -> bool:
    """On this machine, or on its own network."""
    host = host_of(url)
    try:
        return ip_address(host).is_private
    except ValueError:
        return bool(host) and (host == "localhost" or "." not in host)


def is_out_of_reach(url: str) -> bool:
    """Whether nobody reaches it from another network."""
    host = host_of(url).rstrip(".")
    try:
        address = ip_address(host)
    except ValueError:
        last = host.rpartition(".")[2]
        return bool(host) and (is_near(url) or last in _NOWHERE or last.isdigit())
    return not (getattr(address, "ipv4_mapped", None) or address).is_global


def is_no_database_address(url: str) -> bool:
    """A port that is none, no database or two, or an option that the driver does not have or cannot read."""
    parts = _split(url)
    if parts is None:
        return True
    one_name = re.fullmatch(r"/[^/]+", parts.path) is not None
    return bool(url) and not (one_name and _are_database_options(parse_qs(parts.query, keep_blank_values=True)))


def _are_database_options(options: dict[str, list[str]]) -> bool:
    """Ports may be as many as hosts are, with commas between them."""
    ports = ",".join(options["port"]).split(",") if "port" in options else ()
    return (
        options.keys() <= _DATABASE_OPTIONS and set(options.get("ssl", ())) <= _SSL_MODES and all(map(is_port, ports))
    )


def is_database_read_on_the_way(url: str) -> bool:
    """Whether rows leave this machine and its own network without encryption."""
    parts = _split(url)
    if parts is None or not parts.hostname or is_near(url):
        return False
    return not _ENCRYPTED & set(parse_qs(parts.query).get("ssl", []))


def has_short_secret_key(secret: str) -> bool:
    return 0 < len(secret) < MIN_PASSWORD


def names_its_signal(url: str) -> bool:
    """Whether an address of a collector already has the path that is added to it."""
    return url.rstrip("/").endswith("/v1/traces")


def is_of_grpc(url: str) -> bool:
    """Whether a collector speaks gRPC there, by its usual port."""
    parts = _split(url)
    return parts is not None and parts.port == GRPC_PORT


def are_no_headers(headers: str) -> bool:
    """What is no list of name=value, or holds in a value what no header can."""
    return any(_HEADER.fullmatch(unquote(part.strip())) is None for part in headers.split(",") if part.strip())


def database_password(url: str) -> str | None:
    """None where the address needs none: the folder of a socket has its permissions."""
    parts = _split(url)
    return unquote(parts.password or "") if parts and parts.hostname else None


def has_no_password(url: str) -> bool:
    return database_password(url) == ""


def has_short_password(url: str) -> bool:
    return 0 < len(database_password(url) or "") < MIN_PASSWORD


def has_guessed_password(url: str) -> bool:
    parts, password = _split(url), database_password(url)
    if parts is None or not password:
        return False
    return password == unquote(parts.username or "") or rests_on_a_guess(password) or is_pattern(password)


def has_placeholder_password(url: str) -> bool:
    return is_placeholder_of_a_secret(database_password(url) or "")


def host_of(url: str) -> str:
    """In small letters; empty where it has none."""
    parts = _split(url)
    return (parts.hostname or "") if parts else ""


def _split(url: str) -> SplitResult | None:
    """None for what cannot be read as an address at all."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    return None if port == 0 else parts
