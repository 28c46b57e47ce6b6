"""How the simulator is told what to do and asked what it saw: JSON under `/_simulator`."""

import json
from typing import Any

from tests.simulator import journal
from tests.simulator.faults import Rule
from tests.simulator.state import Flag, Obedience, Pace, State
from tests.simulator.wire import Answer, Asked, refused, said

PREFIX = "/_simulator/"


def control(asked: Asked, state: State) -> Answer:
    """`POST rules|flags|paces|obeys` add one, `POST record` keeps bodies, `POST forget` begins anew; `GET` reads."""
    what = asked.path.removeprefix(PREFIX)
    if asked.method == "GET":
        return _told(what, state)
    body = json.loads(asked.body or b"null")
    match what:
        case "rules" | "flags" | "obeys" | "paces":
            _add(what, body, state)
        case "record":
            state.recording = True
        case "well":
            state.script.rules.clear()
        case "forget":
            state.forget()
        case _:
            return refused(404, "not_found", what)
    return said({})


def _add(what: str, body: Any, state: State) -> None:
    match what:
        case "rules":
            state.script.rules.append(Rule.model_validate(body))
        case "flags":
            state.flags.append(Flag.model_validate(body))
        case "obeys":
            state.obeys.append(Obedience.model_validate(body))
        case "paces":
            state.paces.append(Pace.model_validate(body))


def _told(what: str, state: State) -> Answer:
    match what:
        case "journal":
            return said(journal.read(state.journal.path))
        case "counts":
            counts: list[dict[str, Any]] = [
                {"vendor": vendor, "kind": kind, "place": place, "number": number}
                for (vendor, kind, place), number in state.counts.items()
            ]
            return said(counts)
        case "at_once":
            return said(state.most_at_once)
        case "bodies":
            return said(state.bodies)
        case "held":
            return said(state.held)
    return refused(404, "not_found", what)
