"""Which provider does what: chosen by name, from one table a kind."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from storybook.core.cpu import CpuPool
from storybook.core.errors import SetupError
from storybook.core.settings import STUDIO, Settings
from storybook.providers.base import ImageProvider, ModerationProvider, SightProvider, SpeechProvider, TextProvider
from storybook.providers.studio.provider import StudioAuthor, StudioNarrator, StudioPainter, StudioScreen, StudioSight

P = TypeVar("P")
Maker = Callable[[Settings, CpuPool], P]

TEXT: dict[str, Maker[TextProvider]] = {STUDIO: lambda _, cpu: StudioAuthor(cpu)}
IMAGE: dict[str, Maker[ImageProvider]] = {STUDIO: lambda _, cpu: StudioPainter(cpu)}
SPEECH: dict[str, Maker[SpeechProvider]] = {STUDIO: lambda _, cpu: StudioNarrator(cpu)}
SIGHT: dict[str, Maker[SightProvider]] = {STUDIO: lambda _, cpu: StudioSight(cpu)}
MODERATION: dict[str, Maker[ModerationProvider]] = {STUDIO: lambda _, cpu: StudioScreen(cpu)}


class Providers(NamedTuple):
    text: TextProvider
    image: ImageProvider
    speech: SpeechProvider
    sight: SightProvider
    moderation: ModerationProvider


def make_providers(settings: Settings, cpu: CpuPool) -> Providers:
    """The providers that the settings name; the studio where none is named. Raises SetupError for unknown names."""
    return Providers(
        _choose("LLM_PROVIDER", settings.llm_provider, TEXT)(settings, cpu),
        _choose("IMAGE_PROVIDER", settings.image_provider, IMAGE)(settings, cpu),
        _choose("TTS_PROVIDER", settings.tts_provider, SPEECH)(settings, cpu),
        _choose("SIGHT_PROVIDER", settings.sight_provider, SIGHT)(settings, cpu),
        _choose("MODERATION_PROVIDER", settings.moderation_provider, MODERATION)(settings, cpu),
    )


def _choose(setting: str, name: str, table: dict[str, Maker[P]]) -> Maker[P]:
    try:
        return table[name or STUDIO]
    except KeyError:
        raise SetupError(f"{setting}: there is no provider {name!r}; choose one of {', '.join(table)}.") from None
