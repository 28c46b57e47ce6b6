"""What can be the host and the port of an address."""

import re
from ipaddress import ip_address

_LABEL = re.compile(r"(?!-)[\w-]{1,63}(?<!-)")
"""Letters of all languages, and the underscore: names of containers have it."""
MAX_NAME = 253
MAX_PORT = 65_535


def is_host(host: str) -> bool:
    """An IP address, or words with single dots between them, of which the last is no number."""
    try:
        return bool(ip_address(host))
    except ValueError:
        labels = host.removesuffix(".").split(".")
        return len(host) <= MAX_NAME and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdecimal()


def is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and 1 <= int(text) <= MAX_PORT
