"""Access tokens: ours, unchanged and in time, or refused."""

from datetime import timedelta

import jwt
import pytest

from storybook.core.errors import TokenExpired, Unauthenticated
from storybook.core.ids import utc_now
from storybook.core.tokens import LIFETIME, MAX_LENGTH, AccessTokens, Bearer
from tests.signing import forged

BEARER = Bearer("user_1", "device_1")
TOKENS = AccessTokens("a secret")


def test_a_token_says_who_it_was_issued_to() -> None:
    assert TOKENS.read(TOKENS.issue(BEARER)) == BEARER


def test_a_token_is_good_for_a_quarter_of_an_hour() -> None:
    def issued(ago: timedelta) -> str:
        return AccessTokens("a secret", clock=lambda: utc_now() - ago).issue(BEARER)

    assert timedelta(minutes=15) == LIFETIME
    assert TOKENS.read(issued(LIFETIME - timedelta(seconds=2))) == BEARER
    with pytest.raises(TokenExpired):
        TOKENS.read(issued(LIFETIME + timedelta(seconds=1)))


def test_no_two_tokens_are_the_same() -> None:
    assert TOKENS.issue(BEARER) != TOKENS.issue(BEARER)


def test_a_secret_can_be_replaced_while_tokens_are_out() -> None:
    old, new = AccessTokens("a secret"), AccessTokens("a new secret", "a secret")
    assert new.read(old.issue(BEARER)) == BEARER
    assert new.read(new.issue(BEARER)) == BEARER
    with pytest.raises(Unauthenticated):
        old.read(new.issue(BEARER))
    with pytest.raises(Unauthenticated):
        AccessTokens("a new secret").read(old.issue(BEARER))


FORGERIES = {
    "no token at all": "",
    "nonsense": "nonsense",
    "two parts": "e30.e30",
    "not base64": "a.b.c",
    "not ascii": "ä.ö.ü",
    "another audience": forged(TOKENS, aud="storybook-web"),
    "several audiences without ours": forged(TOKENS, aud=["a", "b"]),
    "another issuer": forged(TOKENS, iss="somebody"),
    "no algorithm": forged(TOKENS, algorithm="none"),
    "another algorithm": forged(TOKENS, algorithm="HS512"),
    "an unknown key": forged(TOKENS, header={"kid": "0123456789abcdef"}),
    "a key that is no text": forged(TOKENS, header={"kid": ""}),
    "a number for a user": forged(TOKENS, sub=7),
    "another's signature": AccessTokens("b secret").issue(BEARER),
    "far too deeply nested": jwt.utils.base64url_encode(b"[" * 50_000).decode() + ".e30.e30",
    "deeply nested": jwt.utils.base64url_encode(b"[" * 740).decode() + ".e30.e30",
    "endless": "e" * (MAX_LENGTH + 1),
} | {f"without {claim}": forged(TOKENS, without=claim) for claim in ("iss", "aud", "sub", "sid", "jti", "iat", "exp")}


@pytest.mark.parametrize("token", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_token_that_is_not_ours_is_refused(token: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        TOKENS.read(token)
    assert refused.value.code == "UNAUTHENTICATED"
    assert "/v1/auth/device" in refused.value.message


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_token_that_was_changed_is_refused(part: int) -> None:
    parts = TOKENS.issue(BEARER).split(".")
    changed = "A" if parts[part][10] != "A" else "B"
    parts[part] = parts[part][:10] + changed + parts[part][11:]
    with pytest.raises(Unauthenticated):
        TOKENS.read(".".join(parts))


def test_neither_secret_nor_user_key_can_be_read_from_a_token() -> None:
    header = jwt.get_unverified_header(TOKENS.issue(BEARER))
    assert set(header) == {"alg", "kid", "typ"}
    assert "secret" not in str(header)
