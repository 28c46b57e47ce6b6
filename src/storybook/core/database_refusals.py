"""Why a database cannot be used, for whoever set its address up. No password is ever said."""

import shlex

from sqlalchemy import make_url

from storybook.core.errors import SetupError

_LOST = "08"
"""How SQLSTATEs begin of which the driver says itself that nobody answers."""
_UNKNOWN_USER = ("28000", "28P01")
_UNKNOWN_DATABASE = "3D000"


def refusal(error: Exception, url: str) -> SetupError:
    """What came of asking the database at this address."""
    state = str(getattr(getattr(error, "orig", None), "sqlstate", None) or _LOST)
    if state.startswith(_LOST):
        return SetupError(
            f"DATABASE_URL: the database does not answer ({type(error).__name__}). "
            "Is it running, and is the address right?"
        )
    if state in _UNKNOWN_USER:
        return SetupError(
            "DATABASE_URL: the database answers, and refuses this user or password. Are both right in the address?",
            f"psql -W {_server(url)} -d {_name(url)} -c 'SELECT 1'    # asks for a password to try out",
        )
    if state == _UNKNOWN_DATABASE:
        return SetupError(
            "DATABASE_URL: the server answers, and has no database of that name. Make it with createdb, or mend the "
            "address.",
            f"createdb {_server(url)} {_name(url)} && storybook migrate",
        )
    return SetupError(f"DATABASE_URL: the database answers, and refuses (SQLSTATE {state}). Its log says more.")


def _server(url: str) -> str:
    """Options of PostgreSQL's own programs that lead there."""
    address = make_url(url)
    found = {
        "-h": address.host or address.query.get("host"),
        "-p": address.port or address.query.get("port"),
        "-U": address.username,
    }
    given = {
        option: ",".join(value) if isinstance(value, tuple) else str(value) for option, value in found.items() if value
    }
    return " ".join(f"{option} {shlex.quote(value)}" for option, value in given.items())


def _name(url: str) -> str:
    return shlex.quote(make_url(url).database or "")
