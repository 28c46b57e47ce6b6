"""Which provider does what: chosen by name, from one table a kind."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import httpx

from storybook.core.cpu import CpuPool
from storybook.core.errors import SetupError
from storybook.core.settings import STUDIO, Settings
from storybook.domain.calls import Kind
from storybook.providers import judge, language, openai_moderation, speaking
from storybook.providers.author import ModelAuthor
from storybook.providers.base import ImageProvider, ModerationProvider, SightProvider, SpeechProvider, TextProvider
from storybook.providers.breaker import Rests
from storybook.providers.choices import (
    Choice,
    chosen,
    fallback,
    judging,
    layers,
    may_see_personal_data,
    require_known_vendors,
    vendor_of,
)
from storybook.providers.fallback import AuthorWithSecond, NarratorWithSecond, PainterWithSecond
from storybook.providers.gate import Gate
from storybook.providers.judge import ModelJudge
from storybook.providers.language import language_model, terms
from storybook.providers.layers import Layer, Layers
from storybook.providers.line import Line, Meter
from storybook.providers.openai_moderation import OpenAIModeration
from storybook.providers.painting import MODULES, Easel, painter
from storybook.providers.sight import ModelSight
from storybook.providers.studio.provider import (
    StudioAuthor,
    StudioNarrator,
    StudioOnNames,
    StudioPainter,
    StudioScreen,
    StudioSight,
)
from storybook.providers.vendors import Vendor

P = TypeVar("P")


class Workshop:
    """What adapters are made from. There is one line for each kind of call to each vendor, at each of its addresses,
    and one gate for all kinds.
    """

    def __init__(
        self,
        settings: Settings,
        cpu: CpuPool,
        client: httpx.AsyncClient,
        meter: Meter,
        rests: Rests = Rests(),  # noqa: B008 - a value
    ) -> None:
        self.settings = settings
        self.cpu = cpu
        self.client = client
        self._meter = meter
        self._rests = rests
        self.lines: dict[tuple[str, str, Kind], Line] = {}
        self._gates: dict[tuple[str, str], Gate] = {}

    def line(self, choice: Choice, kind: Kind) -> Line:
        """The line to the vendor of a choice; raises SetupError where it may not or cannot be used."""
        vendor = vendor_of(choice, kind, self.settings)
        place = vendor.name, vendor.base_url
        gate = self._gates.setdefault(place, Gate(vendor.at_once))
        return self.lines.setdefault((*place, kind), Line(vendor, kind, self._meter, self._rests, gate=gate))

    def hides_names_from(self, vendor: Vendor) -> bool:
        """Whether the vendor reads stand-ins in the places of names."""
        return not may_see_personal_data(vendor, self.settings)


Maker = Callable[[Workshop, Choice], P]


def _author(shop: Workshop, choice: Choice) -> TextProvider:
    return ModelAuthor(language_model(shop.line(choice, Kind.TEXT), shop.client, choice))


def _painter(shop: Workshop, choice: Choice) -> ImageProvider:
    line = shop.line(choice, Kind.IMAGE)
    return painter(Easel(line, shop.client, shop.cpu, choice, shop.hides_names_from(line.vendor)))


def _narrator(shop: Workshop, choice: Choice) -> SpeechProvider:
    first = choice.setting == chosen(shop.settings, Kind.SPEECH).setting
    voices = shop.settings.tts_voices if first else {}
    return speaking.narrator(speaking.Booth(shop.line(choice, Kind.SPEECH), shop.client, choice, voices))


def _sight(shop: Workshop, choice: Choice) -> SightProvider:
    return ModelSight(language_model(shop.line(choice, Kind.SIGHT), shop.client, choice))


def _openai_moderation(shop: Workshop, choice: Choice) -> Layer:
    line = shop.line(choice, Kind.MODERATION)
    on = terms(choice, openai_moderation.DEFAULT_MODEL, Kind.MODERATION)
    return OpenAIModeration(line, shop.client, on, hides_names=shop.hides_names_from(line.vendor))


def _judge(shop: Workshop, _: Choice) -> Layer:
    choice = judging(shop.settings)
    if choice.provider == STUDIO:
        raise SetupError("MODERATION_PROVIDER: the judge needs a language model; set MODERATION_JUDGE_PROVIDER.")
    line = shop.line(choice, Kind.MODERATION)
    model = language_model(line, shop.client, choice)
    hides_names = shop.hides_names_from(line.vendor)
    return ModelJudge(model, line.vendor, hides_names=hides_names, sees=shop.settings.moderation_judge_sees)


TEXT: dict[str, Maker[TextProvider]] = {
    STUDIO: lambda shop, _: StudioAuthor(shop.cpu),
    **dict.fromkeys(language.MODULES, _author),
}
IMAGE: dict[str, Maker[ImageProvider]] = {
    STUDIO: lambda shop, _: StudioPainter(shop.cpu),
    **dict.fromkeys(MODULES, _painter),
}
SPEECH: dict[str, Maker[SpeechProvider]] = {
    STUDIO: lambda shop, _: StudioNarrator(shop.cpu),
    **dict.fromkeys(speaking.MODULES, _narrator),
}
SIGHT: dict[str, Maker[SightProvider]] = {
    STUDIO: lambda shop, _: StudioSight(shop.cpu),
    **dict.fromkeys(language.MODULES, _sight),
}
MODERATION: dict[str, Maker[Layer]] = {
    STUDIO: lambda shop, _: StudioScreen(shop.cpu),
    "openai": _openai_moderation,
    judge.NAME: _judge,
}


class Providers(NamedTuple):
    """`lines` are those to vendors, which say how each of them is seen from this process."""

    text: TextProvider
    image: ImageProvider
    speech: SpeechProvider
    sight: SightProvider
    moderation: ModerationProvider
    lines: tuple[Line, ...] = ()


def make_providers(shop: Workshop) -> Providers:
    """The providers that the settings name; the studio where none is named. Raises SetupError for unknown names."""
    require_known_vendors(shop.settings)
    made = _text(shop), _image(shop), _speech(shop), _seeing(shop), _screen(shop)
    return Providers(*made, tuple(shop.lines.values()))


def complaints(shop: Workshop) -> list[str]:
    """All that keeps the providers from being made, a sentence each."""
    found = []
    for require in (lambda _: require_known_vendors(shop.settings), _text, _image, _speech, _seeing, _screen):
        try:
            require(shop)
        except SetupError as error:
            found.append(str(error))
    return list(dict.fromkeys(found))


def _text(shop: Workshop) -> TextProvider:
    return _with_second(shop, Kind.TEXT, TEXT, AuthorWithSecond)


def _image(shop: Workshop) -> ImageProvider:
    return _with_second(shop, Kind.IMAGE, IMAGE, PainterWithSecond)


def _speech(shop: Workshop) -> SpeechProvider:
    return _with_second(shop, Kind.SPEECH, SPEECH, NarratorWithSecond)


def _seeing(shop: Workshop) -> SightProvider:
    return _make(shop, Kind.SIGHT, SIGHT)


def _screen(shop: Workshop) -> ModerationProvider:
    """The layers that MODERATION_PROVIDER lists; somebody has to see the pictures of every painter in use.

    Vendors may not read names, so our rules judge those even where `studio` is not listed.
    """
    choice = chosen(shop.settings, Kind.MODERATION)
    listed = layers(shop.settings)
    if not set(listed) <= MODERATION.keys():
        raise SetupError(f"{choice.setting}: a layer there is unknown; list some of {', '.join(MODERATION)}.")
    made = [MODERATION[name](shop, choice._replace(provider=name)) for name in listed]
    if made and STUDIO not in listed:
        made.insert(0, StudioOnNames(StudioScreen(shop.cpu)))
    screen = Layers(made)
    for paints in (chosen(shop.settings, Kind.IMAGE), fallback(shop.settings, Kind.IMAGE)):
        if paints and paints.provider in IMAGE and not screen.sees_pictures_of(paints.provider):
            raise SetupError(
                f"{choice.setting}: {screen.name} cannot see the pictures of {paints.provider}; add openai or judge."
            )
    return screen


def make_author(shop: Workshop, choice: Choice) -> TextProvider:
    """One author of those that the settings name, on its own."""
    return _made(shop, Kind.TEXT, TEXT, choice)


def _with_second(shop: Workshop, kind: Kind, table: dict[str, Maker[P]], pair: Callable[[P, P], P]) -> P:
    first, second = _make(shop, kind, table), fallback(shop.settings, kind)
    if not second:
        return first
    made = _made(shop, kind, table, second)
    _require_another(chosen(shop.settings, kind), second, kind, shop.settings)
    return pair(first, made)


def _require_another(first: Choice, second: Choice, kind: Kind, settings: Settings) -> None:
    """Raises SetupError for a second that is away whenever the first is, and would only be asked as often again."""
    if first.provider != second.provider or first.provider == STUDIO:
        return
    if vendor_of(first, kind, settings).base_url == vendor_of(second, kind, settings).base_url:
        raise SetupError(
            f"{second.setting}: {second.provider} at this address is {first.setting} already, and is away whenever "
            f"that is. Choose another provider, or leave it out."
        )


def _make(shop: Workshop, kind: Kind, table: dict[str, Maker[P]]) -> P:
    return _made(shop, kind, table, chosen(shop.settings, kind))


def _made(shop: Workshop, kind: Kind, table: dict[str, Maker[P]], choice: Choice) -> P:
    if choice.provider not in table:
        vendor_of(choice, kind, shop.settings)
    return table[choice.provider](shop, choice)
