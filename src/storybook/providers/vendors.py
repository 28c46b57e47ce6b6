"""Which vendors there are, and what each may be used for. A vendor is used only where its row allows it.

Sources, read in November 2026: the vendors' own terms of use and API references. OpenAI wants no personal data of
children under 13 before zero data retention is agreed; Google's Gemini API may not be used in apps that children are
likely to use, so it has no adapter, while Google's Cloud Text-to-Speech may. All other services of Google count as
Gemini, which answers at several of their addresses.
"""

from typing import NamedTuple
from urllib.parse import urlsplit

from storybook.domain.calls import Kind


class Vendor(NamedTuple):
    """`personal_data`: it may see a child's name, voice or photo. `result_hosts` are where its results are fetched,
    `own_hosts` what the names of its own servers end with, after a dot before the first of their letters;
    `history_url` is where its past jobs are listed, if not below `base_url`.
    """

    name: str
    kinds: frozenset[Kind]
    for_children: bool
    personal_data: bool
    at_once: int
    base_url: str
    own_hosts: tuple[str, ...]
    result_hosts: tuple[str, ...] = ()
    history_url: str = ""
    free_statuses: frozenset[int] = frozenset({503})


OPENAI = Vendor(
    "openai",
    frozenset(Kind),
    for_children=True,
    personal_data=False,
    at_once=16,
    base_url="https://api.openai.com/v1",
    own_hosts=(".openai.com",),
)
ANTHROPIC = Vendor(
    "anthropic",
    frozenset({Kind.TEXT, Kind.SIGHT, Kind.MODERATION}),
    for_children=True,
    personal_data=False,
    at_once=8,
    base_url="https://api.anthropic.com",
    own_hosts=(".anthropic.com",),
    free_statuses=frozenset({503, 529}),
)
REPLICATE = Vendor(
    "replicate",
    frozenset({Kind.IMAGE}),
    for_children=True,
    personal_data=False,
    at_once=10,
    base_url="https://api.replicate.com/v1",
    own_hosts=(".replicate.com",),
    result_hosts=("replicate.delivery", ".replicate.delivery"),
)
FAL = Vendor(
    "fal",
    frozenset({Kind.IMAGE}),
    for_children=True,
    personal_data=False,
    at_once=10,
    base_url="https://queue.fal.run",
    own_hosts=(".fal.run", ".fal.ai"),
    history_url="https://api.fal.ai/v1",
    result_hosts=(".fal.media", ".fal.run"),
)
GOOGLE = Vendor(
    "google",
    frozenset({Kind.SPEECH}),
    for_children=True,
    personal_data=True,
    at_once=10,
    base_url="https://texttospeech.googleapis.com/v1beta1",
    own_hosts=("texttospeech.googleapis.com",),
)
ELEVENLABS = Vendor(
    "elevenlabs",
    frozenset({Kind.SPEECH}),
    for_children=True,
    personal_data=True,
    at_once=3,
    base_url="https://api.elevenlabs.io",
    own_hosts=(".elevenlabs.io",),
)
GEMINI = Vendor(
    "gemini",
    frozenset({Kind.TEXT, Kind.IMAGE, Kind.SIGHT, Kind.MODERATION}),
    for_children=False,
    personal_data=False,
    at_once=1,
    base_url="https://generativelanguage.googleapis.com",
    own_hosts=(".googleapis.com",),
)

VENDORS = {vendor.name: vendor for vendor in (OPENAI, ANTHROPIC, REPLICATE, FAL, GOOGLE, ELEVENLABS, GEMINI)}
"""The first whose name fits is whose server it is: of Google's, those that speak before all others."""


def vendor_at(address: str) -> Vendor | None:
    """Whose server an address leads to, whatever adapter asks there; None where it is nobody's of the table."""
    host = f".{(urlsplit(address).hostname or '').rstrip('.')}"
    return next((vendor for vendor in VENDORS.values() if host.endswith(vendor.own_hosts)), None)
