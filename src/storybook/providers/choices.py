"""Which provider the settings choose for each kind of work, and with what key, model and address."""

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from storybook.core.errors import SetupError
from storybook.core.settings import JUDGE, STUDIO, Settings
from storybook.core.settings_checks import is_near
from storybook.domain.calls import Kind
from storybook.providers.vendors import OPENAI, VENDORS, Vendor, vendor_at


class Choice(NamedTuple):
    """One provider as the operator set it up; what is empty is the provider's own default. `setting` names it.

    `price` is what the server at `base_url` takes, as `prices.price_told` reads it.
    """

    setting: str
    provider: str
    api_key: str = ""
    model: str = ""
    base_url: str = ""
    price: str = ""

    @property
    def key_setting(self) -> str:
        return self._setting_of("API_KEY")

    @property
    def model_setting(self) -> str:
        return self._setting_of("MODEL")

    @property
    def address_setting(self) -> str:
        return self._setting_of("BASE_URL")

    @property
    def price_setting(self) -> str:
        return self._setting_of("PRICE")

    @property
    def asked_by(self) -> str:
        """The setting that leads to where it is asked."""
        return self.address_setting if self.base_url else self.setting

    def _setting_of(self, what: str) -> str:
        return f"{self.setting.removesuffix('PROVIDER')}{what}"


_PREFIXES = {
    Kind.TEXT: "llm",
    Kind.IMAGE: "image",
    Kind.SPEECH: "tts",
    Kind.SIGHT: "sight",
    Kind.MODERATION: "moderation",
}


def chosen(settings: Settings, kind: Kind) -> Choice:
    """The provider of a kind; the studio where none is named."""
    return _choice(settings, _PREFIXES[kind]) or Choice(f"{_PREFIXES[kind]}_provider".upper(), STUDIO)


def fallback(settings: Settings, kind: Kind) -> Choice | None:
    """The second provider of a kind, where the settings name one."""
    return _choice(settings, f"{_PREFIXES[kind]}_fallback")


def judging(settings: Settings) -> Choice:
    """The language model that judges: one of its own, or that of the author."""
    return _choice(settings, "moderation_judge") or chosen(settings, Kind.TEXT)


def shown(provider: str) -> str:
    """A provider, or the layers of moderation, as they may be printed: an unknown name may be a key in its place."""
    known = {STUDIO, JUDGE, *VENDORS}
    return ",".join(name if name in known else "unknown" for name in map(str.strip, provider.split(",")))


def layers(settings: Settings) -> list[str]:
    """The layers of moderation that the settings list, each once."""
    listed = chosen(settings, Kind.MODERATION).provider.split(",")
    return list(dict.fromkeys(name for part in listed if (name := part.strip())))


def in_use(settings: Settings) -> Iterator[tuple[Kind, Choice]]:
    """Every provider that the settings choose, but for the studio."""
    for kind in (Kind.TEXT, Kind.IMAGE, Kind.SPEECH, Kind.SIGHT):
        for choice in (chosen(settings, kind), fallback(settings, kind)):
            if choice and choice.provider != STUDIO:
                yield kind, choice
    screen = layers(settings)
    if OPENAI.name in screen:
        yield Kind.MODERATION, chosen(settings, Kind.MODERATION)._replace(provider=OPENAI.name)
    if JUDGE in screen and judging(settings).provider != STUDIO:
        yield Kind.MODERATION, judging(settings)


def vendor_of(choice: Choice, kind: Kind, settings: Settings) -> Vendor:
    """The vendor's row, with the address that was chosen; raises SetupError where it may not or cannot be used."""
    vendor = VENDORS.get(choice.provider)
    if vendor is None or kind not in vendor.kinds:
        able = ", ".join([STUDIO, *(name for name, row in VENDORS.items() if kind in row.kinds and row.for_children)])
        raise SetupError(f"{choice.setting}: there is no provider of that name; choose one of {able}.")
    vendor = vendor._replace(base_url=_address(choice), history_url="") if choice.base_url else vendor
    there = _seen_by(vendor)
    if not (vendor.for_children and there.for_children):
        raise SetupError(f"{choice.asked_by}: {there.name} may not be used for children's products.")
    if kind not in there.kinds:
        raise SetupError(f"{choice.asked_by}: {there.name} may not be used for {kind}.")
    if kind in {Kind.SIGHT, Kind.SPEECH} and not may_see_personal_data(vendor, settings):
        raise SetupError(
            f"{choice.asked_by}: {there.name} would see a child's name or photo. Agree with it that it keeps nothing, "
            f"then add {there.name} to PERSONAL_DATA_VENDORS; or choose another provider."
        )
    return vendor


def may_see_personal_data(vendor: Vendor, settings: Settings) -> bool:
    """Whether a child's name or photo may go to this vendor, at the address that was chosen."""
    there = _seen_by(vendor)
    return there.personal_data or there.name in settings.personal_data_vendors


def _seen_by(vendor: Vendor) -> Vendor:
    """Whoever reads what is sent there: the vendor whose server it is, or the operator, whose own server counts as the
    vendor's. Of anybody else only the host is known, and that may see nothing unless the settings name it.
    """
    if found := vendor_at(vendor.base_url):
        return found
    if is_near(vendor.base_url):
        return vendor
    return vendor._replace(name=urlsplit(vendor.base_url).hostname or "", personal_data=False)


def require_known_vendors(settings: Settings) -> None:
    """Raises SetupError where PERSONAL_DATA_VENDORS names somebody whom nobody knows: a slip of the pen.

    What has a dot is a host, see `_seen_by`.
    """
    known = [name for name, vendor in VENDORS.items() if vendor.for_children]
    if any(name not in known and "." not in name for name in settings.personal_data_vendors):
        raise SetupError(f"PERSONAL_DATA_VENDORS: a vendor there is unknown; list some of {', '.join(known)}.")


def require_key(choice: Choice) -> str:
    """The key; raises SetupError where it is missing."""
    if not choice.api_key:
        raise SetupError(
            f"{choice.key_setting} is not set, and {choice.provider} wants one: make a key in your account there, "
            f"or set {choice.setting} to another provider."
        )
    return choice.api_key


def _address(choice: Choice) -> str:
    parts = urlsplit(choice.base_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SetupError(f"{choice.address_setting}: must be an address such as https://host/v1, or left out.")
    return choice.base_url.rstrip("/")


def _choice(settings: Settings, prefix: str) -> Choice | None:
    values = {name: getattr(settings, f"{prefix}_{name}", "") for name in ("provider", "model", "base_url", "price")}
    if not values["provider"]:
        return None
    key = getattr(settings, f"{prefix}_api_key").get_secret_value()
    return Choice(f"{prefix}_provider".upper(), api_key=key, **values)
