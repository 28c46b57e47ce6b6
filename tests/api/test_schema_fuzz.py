"""What the API's document promises holds for requests that nobody thought of, good and bad."""

import unicodedata
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import negative_data_rejection
from schemathesis.config import SchemathesisConfig
from schemathesis.core import NOT_SET

from storybook.core.cpu import CpuPool
from storybook.core.embedded_postgres import EmbeddedPostgres
from storybook.main import api_document
from storybook.models import Character
from storybook.resources import Resources
from storybook.services import accounts, credits
from tests.conftest import USER_KEY, database_for
from tests.fakes import sheet
from tests.fixtures_server import serving

EXAMPLES = 6
PLENTY = 100_000
HERO = "char_of_the_user"
LEAVING_KEY = "a-key-of-who-leaves"
# A rule of these requests is more than JSON Schema can say: a good picture, a cursor that was given out, a book or a
# hero to go on from, a time zone that there is, a receipt that a store signed.
REFUSE_MORE = [
    "create_character_from_photo",
    "list_books",
    "create_next_book",
    "change_account",
    "sign_in_device",
    "add_credits",
    "start_subscription",
    "cancel_subscription",
    "hear_store",
]
CONFIG = SchemathesisConfig.from_dict(
    {
        # A request without a key is answered 422, as the app knows it, where the check wants 401.
        "checks": {"ignored_auth": {"enabled": False}},
        "generation": {"max-examples": EXAMPLES, "deterministic": True},
        "operations": [
            {
                "include-operation-id": REFUSE_MORE,
                "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "400", "404", "422"]}},
            },
            {
                # No schema can say which refresh tokens were given out.
                "include-operation-id": ["refresh_tokens", "sign_out_device"],
                "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "401"]}},
            },
        ],
    }
)
SCHEMA = schemathesis.openapi.from_dict(api_document(), config=CONFIG).exclude(operation_id="follow_job")


def sendable(value: Any) -> Any:
    """The same as a client writes it: texts that can be printed, and no 5.0 for 5. A schema can ask for neither."""
    if isinstance(value, dict):
        return {key: sendable(part) for key, part in value.items()}
    if isinstance(value, list):
        return [sendable(part) for part in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return printable(value) if isinstance(value, str) else value


def printable(text: str) -> str:
    plain = "".join("x" if unicodedata.category(char).startswith("C") else char for char in text)
    return plain if plain.strip() else "x" * len(plain)


@pytest.fixture(scope="module")
def url(
    postgres: EmbeddedPostgres, template: str, cpu: CpuPool, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    async def prepare(resources: Resources) -> None:
        key_hash = accounts.hash_user_key(USER_KEY, pepper=resources.pepper)
        async with resources.database.session() as session:
            user_id = await accounts.sign_in(session, key_hash)
            await credits.grant(session, user_id, PLENTY, "a test")
            session.add(Character(id=HERO, user_id=user_id, **sheet("Luna").model_dump(mode="json")))

    with (
        database_for(postgres, template) as database_url,
        serving(database_url, tmp_path_factory.mktemp("fuzz"), cpu, prepare) as address,
    ):
        yield address


def id_of(operation: schemathesis.APIOperation) -> str:
    return str(operation.definition.raw["operationId"])


def sends_nothing(case: schemathesis.Case) -> bool:
    """Whether it leaves out, or sends as null, what it need not send. The tool may take that for a mistake."""
    needed = case.operation.definition.raw.get("requestBody", {}).get("required", False)
    return not needed and case.body in (None, NOT_SET)


def _keeps_its_promises(operation_id: str) -> Callable[..., None]:
    """One test an operation: what `parametrize` makes of a whole document has one id, and xdist would run one of it."""

    @SCHEMA.exclude(lambda other: id_of(other.operation) != operation_id).parametrize()
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    def check(case: schemathesis.Case, url: str) -> None:
        if case.meta and case.meta.generation.mode.is_positive:
            case.body = sendable(case.body)
            if "X-Idempotency-Key" in (case.headers or {}):
                case.headers["X-Idempotency-Key"] = str(uuid.uuid4())
            if "character_id" in case.path_parameters and case.method != "DELETE":
                case.path_parameters["character_id"] = HERO
        (case.headers or {}).pop("Authorization", None)
        key = LEAVING_KEY if operation_id == "delete_account" else USER_KEY
        excluded = [negative_data_rejection] if sends_nothing(case) else []
        case.call_and_validate(base_url=url, headers={"X-User-Key": key}, excluded_checks=excluded)

    return check


for operation in SCHEMA.get_all_operations():
    promises = id_of(operation.ok())
    globals()[f"test_{promises}_keeps_its_promises"] = _keeps_its_promises(promises)
