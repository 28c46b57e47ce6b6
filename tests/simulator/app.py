"""The application: finds the route, asks the script what goes wrong, writes down the charge, answers."""

import asyncio
from pathlib import Path
from urllib.parse import parse_qsl

from pydantic import ValidationError

from tests.simulator.control import PREFIX, control
from tests.simulator.faults import BEFORE_WORK, Call, Fault, Place, Rule
from tests.simulator.routes import Route, find
from tests.simulator.state import State
from tests.simulator.wire import (
    Answer,
    Asked,
    NotFitting,
    Receive,
    Scope,
    Send,
    before_work,
    deliver,
    read,
    refused,
    reset,
    until_they_leave,
)

MAX_RECORDED = 2_000_000


class Simulator:
    def __init__(self, journal: Path) -> None:
        self.state = State(journal)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        asked = await _asked(scope, receive)
        if asked.path.startswith(PREFIX):
            await deliver(_controlled(asked, self.state), None, receive, send)
            return
        found = find(asked.method, asked.path)
        if found is None:
            await deliver(refused(404, "not_found", "There is nothing here."), None, receive, send)
            return
        route, rest = found
        await self._serve(route, asked._replace(rest=rest), receive, send)

    async def _serve(self, route: Route, asked: Asked, receive: Receive, send: Send) -> None:
        state = self.state
        try:
            kind, purpose = route.about(asked)
        except (KeyError, ValueError, TypeError) as error:
            await deliver(refused(400, "invalid_request_error", repr(error)), None, receive, send)
            return
        state.counts[route.vendor, kind, route.place] += 1
        self._record(route, kind, asked)
        script = state.script
        rule = script.next_for(Call(route.vendor, kind, route.place, purpose, asked.body))
        state.at_once[route.vendor] += 1
        state.most_at_once[route.vendor] = max(state.most_at_once[route.vendor], state.at_once[route.vendor])
        try:
            await self._take_time(route, kind, rule)
            if rule and rule.fault is Fault.RESET_BEFORE:
                reset(send)
                return
            if rule and rule.fault is Fault.HANG_BEFORE:
                await self._held(rule, receive)
                return
            if state.script is not script:
                reset(send)  # who asked belongs to what was forgotten meanwhile
                return
            answer = self._answer(route, asked._replace(rule=rule))
            if rule and rule.fault is Fault.HANG:
                await self._held(rule, receive)
                return
            await deliver(answer, rule, receive, send)
        finally:
            state.at_once[route.vendor] -= 1

    async def _held(self, rule: Rule, receive: Receive) -> None:
        """Until the caller leaves; meanwhile whoever asks can see that it is held."""
        self.state.held.append(rule.contains or "")
        await until_they_leave(receive)

    async def _take_time(self, route: Route, kind: str, rule: Rule | None) -> None:
        """Queues take their time after they have answered."""
        queued = route.vendor in {"replicate", "fal"}
        seconds = 0.0 if queued else self.state.seconds_for(route.vendor, kind)
        if rule and rule.fault is Fault.SLOW:
            seconds = rule.seconds
        if seconds:
            await asyncio.sleep(seconds)

    def _answer(self, route: Route, asked: Asked) -> Answer:
        rule = asked.rule
        if route.keys and not any(asked.headers.get(key) for key in route.keys):
            return refused(401, "invalid_api_key", "There is no key.")
        try:
            answer = route.answer(asked, self.state)
        except (NotFitting, KeyError, ValueError, TypeError) as error:
            return refused(404 if route.place is not Place.POST else 400, "invalid_request_error", repr(error))
        begins = rule is None or rule.fault not in BEFORE_WORK
        pays = begins if rule is None or rule.charged is None else rule.charged
        if answer.charge and pays:
            self.state.journal.write(answer.charge)
        return answer if begins or rule is None else before_work(rule)

    def _record(self, route: Route, kind: str, asked: Asked) -> None:
        if self.state.recording:
            text = asked.body[:MAX_RECORDED].decode("utf-8", "replace")
            seen = {"vendor": route.vendor, "kind": kind, "place": route.place, "path": asked.path, "body": text}
            self.state.bodies.append(seen)


async def _asked(scope: Scope, receive: Receive) -> Asked:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return Asked(
        method=scope["method"],
        path=scope["path"],
        query=dict(parse_qsl(scope["query_string"].decode())),
        headers=headers,
        body=await read(scope, receive),
        base=f"http://{headers.get('host', '')}",
        rest={},
    )


def _controlled(asked: Asked, state: State) -> Answer:
    try:
        return control(asked, state)
    except ValidationError as error:
        return refused(422, "not_understood", str(error))
