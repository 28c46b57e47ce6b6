"""A vendor of language models on loopback, and what it is asked and answers."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from storybook.domain.book_spec import BookSpec, HeroSpec
from storybook.providers.base import StoryRequest
from tests.fakes import draft_for
from tests.fixtures_http import serving


@dataclass
class Double:
    """Gives `answers` in turn and remembers what it was `asked`; `raw` is all of that as it came."""

    answers: list[tuple[int, Any]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    raw: str = ""
    url: str = ""

    @contextmanager
    def serving(self) -> Iterator["Double"]:
        with serving(self._handler) as self.url:
            yield self

    def _handler(self, *args: Any) -> BaseHTTPRequestHandler:
        double = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                double.raw += body
                double.asked.append(json.loads(body))
                status, answer = double.answers.pop(0)
                data = json.dumps(answer).encode()
                self.send_response(status)
                for name, value in {
                    "content-type": "application/json",
                    "content-length": len(data),
                    "retry-after": 7,
                }.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler(*args)


def said(vendor: str, text: str, why: str = "stop") -> tuple[int, Any]:
    """A whole answer in the form of the vendor."""
    if vendor == "openai":
        choice = {"message": {"role": "assistant", "content": text}, "finish_reason": why}
        return 200, {"choices": [choice], "usage": {"prompt_tokens": 1000, "completion_tokens": 2000}}
    reason = {"stop": "end_turn", "length": "max_tokens"}.get(why, why)
    usage = {"input_tokens": 1000, "output_tokens": 2000}
    return 200, {"content": [{"type": "text", "text": text}], "stop_reason": reason, "usage": usage}


def system_of(asked: dict[str, Any]) -> str:
    return str(asked.get("system") or asked["messages"][0]["content"])


def users_of(asked: dict[str, Any]) -> list[str]:
    told = [message["content"] for message in asked["messages"] if message["role"] == "user"]
    return [text if isinstance(text, str) else "".join(part["text"] for part in text) for text in told]


def a_request(**more: Any) -> StoryRequest:
    spec = {"topic": "Zephyrine is afraid of the dark", "target_age": "5-7", "style": "watercolor", "language": "en"}
    hero = HeroSpec(name="Zephyrine", appearance="Zephyrine has curls", personality=("as brave as Zephyrine",))
    return StoryRequest(spec=BookSpec(**{**spec, "character": hero, "page_count": 4, **more}), seed=1)


def a_story(request: StoryRequest) -> dict[str, Any]:
    """What a good model answers, with the hero's stand-in."""
    draft = draft_for(StoryRequest(spec=request.spec, seed=1)).model_dump(
        mode="json", exclude={"language", "target_age"}
    )
    answer: dict[str, Any] = json.loads(json.dumps(draft).replace("Luna", "[[A]]"))
    return answer
