"""Which vendors there are, and what each may be used for. A vendor is used only where its row allows it.

Sources, read in November 2026: the vendors' own terms of use and API references. OpenAI wants no personal data of
children under 13 before zero data retention is agreed; Google's Gemini API may not be used in apps that children are
likely to use, so it has no adapter, while Google's Cloud Text-to-Speech may.
"""

from typing import NamedTuple

from storybook.domain.calls import Kind


class Vendor(NamedTuple):
    """`personal_data`: it may see a child's name, voice or photo. `result_hosts` are where its results are fetched."""

    name: str
    kinds: frozenset[Kind]
    for_children: bool
    personal_data: bool
    at_once: int
    base_url: str
    result_hosts: tuple[str, ...] = ()
    free_statuses: frozenset[int] = frozenset({503})


OPENAI = Vendor(
    "openai",
    frozenset(Kind),
    for_children=True,
    personal_data=False,
    at_once=16,
    base_url="https://api.openai.com/v1",
)
ANTHROPIC = Vendor(
    "anthropic",
    frozenset({Kind.TEXT, Kind.SIGHT, Kind.MODERATION}),
    for_children=True,
    personal_data=False,
    at_once=8,
    base_url="https://api.anthropic.com",
    free_statuses=frozenset({503, 529}),
)
REPLICATE = Vendor(
    "replicate",
    frozenset({Kind.IMAGE}),
    for_children=True,
    personal_data=False,
    at_once=10,
    base_url="https://api.replicate.com/v1",
    result_hosts=("replicate.delivery", ".replicate.delivery"),
)
FAL = Vendor(
    "fal",
    frozenset({Kind.IMAGE}),
    for_children=True,
    personal_data=False,
    at_once=10,
    base_url="https://queue.fal.run",
    result_hosts=(".fal.media", ".fal.run"),
    free_statuses=frozenset({500, 502, 503, 504}),
)
GOOGLE = Vendor(
    "google",
    frozenset({Kind.SPEECH}),
    for_children=True,
    personal_data=True,
    at_once=10,
    base_url="https://texttospeech.googleapis.com/v1beta1",
)
ELEVENLABS = Vendor(
    "elevenlabs",
    frozenset({Kind.SPEECH}),
    for_children=True,
    personal_data=True,
    at_once=3,
    base_url="https://api.elevenlabs.io",
)
GEMINI = Vendor(
    "gemini",
    frozenset({Kind.TEXT, Kind.IMAGE, Kind.SIGHT, Kind.MODERATION}),
    for_children=False,
    personal_data=False,
    at_once=1,
    base_url="https://generativelanguage.googleapis.com",
)

VENDORS = {vendor.name: vendor for vendor in (OPENAI, ANTHROPIC, REPLICATE, FAL, GOOGLE, ELEVENLABS, GEMINI)}
