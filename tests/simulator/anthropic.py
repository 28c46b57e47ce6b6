"""Anthropic: messages with structured outputs."""

from tests.simulator import chat
from tests.simulator.chat import Prompt
from tests.simulator.faults import Fault
from tests.simulator.state import State
from tests.simulator.wire import Answer, Asked, NotFitting, said

VENDOR = "anthropic"


def prompt_of(asked: Asked) -> Prompt:
    body = asked.json()
    texts, pictures = [], 0
    for message in body["messages"]:
        parts = message["content"]
        parts = [{"type": "text", "text": parts}] if isinstance(parts, str) else parts
        texts += [part["text"] for part in parts if part["type"] == "text"]
        pictures += sum(part["type"] == "image" for part in parts)
    form = body.get("output_config", {}).get("format") or body.get("output_format") or {}
    system = body.get("system", "")
    if not isinstance(system, str):
        system = "\n".join(block["text"] for block in system)
    schema = form.get("schema", {})
    return Prompt(body["model"], system, tuple(texts), pictures, schema, None, body["max_tokens"])


def complete(asked: Asked, state: State) -> Answer:
    if "anthropic-version" not in asked.headers:
        raise NotFitting("anthropic-version: header is required")
    prompt = prompt_of(asked)
    reply = chat.reply(prompt, VENDOR, asked, state)
    end = (
        "refusal"
        if asked.goes_wrong(Fault.REFUSAL)
        else "max_tokens"
        if asked.goes_wrong(Fault.CUT_OFF)
        else "end_turn"
    )
    return said(
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": prompt.model,
            "content": [{"type": "text", "text": reply.text}],
            "stop_reason": end,
            "stop_sequence": None,
            "usage": {"input_tokens": reply.used, "output_tokens": reply.made},
        },
        charge=reply.charge,
    )
