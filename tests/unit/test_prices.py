"""The one table of prices: whole micro-dollars, and a model only for the work that it is priced for."""

import tomllib
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storybook.core.errors import SetupError
from storybook.core.settings import Settings
from storybook.domain.calls import Kind
from storybook.providers.choices import chosen
from storybook.providers.language import terms
from storybook.providers.prices import models_of, price_of
from storybook.providers.vendors import VENDORS
from tests.simulator import tariff

TABLE = tomllib.loads(files("storybook.providers").joinpath("prices.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("vendor", TABLE)
def test_every_table_says_when_and_where_it_was_read(vendor: str) -> None:
    assert TABLE[vendor]["read_on"] and TABLE[vendor]["source"]
    assert TABLE[vendor].keys() - {"read_on", "source"} <= VENDORS[vendor].kinds
    assert models_of(vendor)


@pytest.mark.parametrize(("prefix", "kind", "model"), [("llm", Kind.TEXT, "tts-1"), ("image", Kind.IMAGE, "gpt-4o")])
def test_a_model_for_other_work_has_no_price(prefix: str, kind: Kind, model: str) -> None:
    given = {f"{prefix}_provider": "openai", f"{prefix}_api_key": "any", f"{prefix}_model": model}
    with pytest.raises(SetupError, match=f"{prefix.upper()}_MODEL: there is no price for this model"):
        terms(chosen(Settings(_env_file=None, **given), kind), "", kind)


def test_no_call_is_cheaper_than_it_was() -> None:
    assert price_of("openai", "gpt-6-luna").tokens(1, 1).micro_dollars == 2
    assert price_of("openai", "tts-1").spoken(1).micro_dollars == 15


def test_a_long_prompt_is_dearer_from_its_first_token_on() -> None:
    price = price_of("anthropic", "claude-haiku-5-5")
    assert price.tokens(100_000, 1000).micro_dollars == 10_000 + 500
    assert price.tokens(100_001, 1000).micro_dollars == 50_001 + 2500


ALL = [(vendor, kind, model) for vendor, row in TABLE.items() for kind in Kind if kind in row for model in row[kind]]
COUNT = st.integers(1, 1_000_000)


def test_the_simulated_vendors_and_the_table_know_the_same_models() -> None:
    assert {vendor: set(models_of(vendor)) for vendor in TABLE} == {
        vendor: set(tariff.models_of(vendor)) for vendor in TABLE
    }


@pytest.mark.parametrize(("vendor", "kind", "model"), ALL)
@settings(max_examples=20)
@given(read=COUNT, seen=COUNT, made=COUNT)
def test_the_table_bills_what_the_simulated_vendors_take(
    vendor: str, kind: Kind, model: str, read: int, seen: int, made: int
) -> None:
    price = price_of(vendor, model, kind)
    match kind:
        case Kind.TEXT:
            assert price.tokens(read, made) == tariff.tokens(vendor, model, read, made)
        case Kind.IMAGE if price.output:
            assert price.drawn(read, seen, made) == tariff.picture_by_tokens(vendor, model, read, seen, made)
        case Kind.IMAGE:
            assert price.pictures() == tariff.picture(vendor, model)
        case Kind.SPEECH:
            assert price.spoken(read) == tariff.characters(vendor, model, read)
        case _:
            assert price.calls() == tariff.moderation(vendor, model)
