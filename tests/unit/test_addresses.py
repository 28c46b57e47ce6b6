"""Who stands at the address of a setting: what they take is known, and what the child tells does not go astray."""

from typing import Any

import pytest

from storybook.core.errors import SetupError
from storybook.core.settings import Settings
from storybook.domain.calls import Kind
from storybook.providers import language
from storybook.providers.choices import Choice, chosen, fallback, may_see_personal_data, vendor_of
from storybook.providers.language import Message, Question
from storybook.providers.prices import FREE, Price, price_of
from storybook.providers.vendors import VENDORS, Vendor

FAR = "https://openrouter.example/v1"
QUESTION = Question("a_thing", "Be kind.", (Message("Hello"),), {"type": "object"}, 100, 0.5)
GEMINI = "https://generativelanguage.googleapis.com/v1beta/openai"
NEAR = ("http://127.0.0.1:11434/v1", "http://localhost:1/v1", "http://ollama:1/v1", "http://10.0.0.7/v1")


MAY_HEAR_NAMES = {"google", "elevenlabs"}
RESULTS = {"replicate": ("replicate.delivery", ".replicate.delivery"), "fal": (".fal.media", ".fal.run")}


def settings(**given: Any) -> Settings:
    return Settings(_env_file=None, **given)


def terms(choice: Choice, kind: Kind = Kind.TEXT) -> language.Terms:
    return language.terms(choice, "gpt-6-luna", kind)


def own(address: str, key: str = "", model: str = "llama", price: str = "") -> Choice:
    return Choice("LLM_PROVIDER", "openai", key, model, address, price)


@pytest.mark.parametrize("vendor", VENDORS.values())
def test_whom_names_are_told_and_where_results_are_fetched_is_decided_vendor_by_vendor(vendor: Vendor) -> None:
    assert vendor.personal_data == (vendor.name in MAY_HEAR_NAMES)
    assert vendor.for_children == (vendor.name != "gemini")
    assert vendor.result_hosts == RESULTS.get(vendor.name, ())


@pytest.mark.parametrize("address", NEAR)
def test_an_own_server_is_free_and_needs_no_key(address: str) -> None:
    assert terms(own(address)).worst(QUESTION, 0) == terms(own(address, "a-key")).worst(QUESTION, 0) == 0
    assert terms(own(address, price="1")).worst(QUESTION, 0) > 0


def test_a_vendor_wants_a_key_and_a_model_with_a_price_also_at_another_of_its_addresses() -> None:
    for address in ("", "https://eu.api.openai.com/v1"):
        with pytest.raises(SetupError, match="LLM_API_KEY is not set"):
            terms(own(address, model=""))
        with pytest.raises(SetupError, match="LLM_MODEL: there is no price"):
            terms(own(address, "a-key", "gpt-unheard-of"))
        assert terms(own(address, "a-key", "gpt-4o")).price == price_of("openai", "gpt-4o")


@pytest.mark.parametrize("address", [FAR, "https://openai.com.example/v1", "https://api-openai.com/v1"])
@pytest.mark.parametrize("model", ["llama", "gpt-6-luna", ""])
def test_whoever_stands_elsewhere_is_not_asked_before_it_is_said_what_they_take(address: str, model: str) -> None:
    with pytest.raises(SetupError, match=r"^LLM_PRICE: nobody knows what the server of LLM_BASE_URL takes"):
        terms(own(address, "a-key", model))
    assert terms(own(address, "a-key", model, "0")).price == FREE
    assert terms(own(address, "", model, "0.075/0.5")).price == Price(input=75, output=500)


@pytest.mark.parametrize(
    ("kind", "told", "price"),
    [
        (Kind.TEXT, "2", Price(input=2000, output=2000)),
        (Kind.SIGHT, "0.0001/10", Price(input=1, output=10_000)),
        (Kind.IMAGE, "0.04", Price(picture=40_000)),
        (Kind.SPEECH, "15", Price(characters=15_000)),
        (Kind.MODERATION, "0.001", Price(call=1000)),
    ],
)
def test_a_price_is_told_in_dollars_for_what_is_usual_and_never_rounded_down(
    kind: Kind, told: str, price: Price
) -> None:
    assert terms(own(FAR, price=told), kind).price == price


def test_a_picture_without_a_price_for_tokens_is_billed_by_the_picture() -> None:
    assert Price(picture=40_000).drawn(9, 9, 9).micro_dollars == 40_000


@pytest.mark.parametrize("name", ["llm", "llm_fallback", "image", "image_fallback"])
@pytest.mark.parametrize("address", [GEMINI, "https://us-central1-aiplatform.googleapis.com./v1", GEMINI.upper()])
def test_a_vendor_that_may_not_serve_children_is_found_behind_another_name(name: str, address: str) -> None:
    given = settings(**{f"{name}_provider": "openai", f"{name}_api_key": "a-key", f"{name}_base_url": address})
    kind = Kind.IMAGE if name.startswith("image") else Kind.TEXT
    choice = fallback(given, kind) or chosen(given, kind)
    with pytest.raises(SetupError, match=rf"^{name.upper()}_BASE_URL: gemini may not be used for children's products"):
        vendor_of(choice, kind, given)


@pytest.mark.parametrize("kind", [Kind.SIGHT, Kind.SPEECH])
@pytest.mark.parametrize(
    ("address", "whose"),
    [("https://api.openai.com/v1", "openai"), (FAR, "openrouter.example"), ("http://10.0.0.7/v1", "openai")],
)
def test_a_name_or_a_photo_is_seen_only_by_whom_the_settings_name(kind: Kind, address: str, whose: str) -> None:
    choice = Choice("X_PROVIDER", "openai", "a-key", base_url=address)
    for allowed in ((), ("anthropic",), ("somebody.example",)):
        with pytest.raises(SetupError, match=rf"X_BASE_URL: {whose} would see .* add {whose} to PERSONAL_DATA_VENDORS"):
            vendor_of(choice, kind, settings(personal_data_vendors=allowed))
    assert vendor_of(choice, kind, settings(personal_data_vendors=(whose,))).base_url == address


def test_what_one_vendor_agreed_to_does_not_hold_for_another_behind_its_adapter() -> None:
    sees = settings(personal_data_vendors=("openai",))
    with pytest.raises(SetupError, match="X_BASE_URL: anthropic would see"):
        vendor_of(Choice("X_PROVIDER", "openai", "k", base_url="https://api.anthropic.com/v1"), Kind.SIGHT, sees)
    with pytest.raises(SetupError, match=r"X_BASE_URL: elevenlabs may not be used for text"):
        vendor_of(Choice("X_PROVIDER", "openai", "k", base_url="https://api.elevenlabs.io/v1"), Kind.TEXT, sees)
    voices = vendor_of(Choice("X_PROVIDER", "google", "k"), Kind.SPEECH, settings())
    assert may_see_personal_data(voices, settings())
    assert not may_see_personal_data(voices._replace(base_url="https://voices.example"), settings())
