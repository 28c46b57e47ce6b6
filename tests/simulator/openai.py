"""OpenAI: chat completions, images, speech and moderations."""

import base64
import json
import re
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from tests.simulator import chat, media, tariff
from tests.simulator.chat import Prompt, hash_of
from tests.simulator.faults import Fault
from tests.simulator.journal import Charge
from tests.simulator.state import State
from tests.simulator.stories import thing_in
from tests.simulator.wire import Answer, Asked, NotFitting, refused, said

VENDOR = "openai"
CATEGORIES = (
    "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm",
    "self-harm/instructions", "self-harm/intent", "sexual", "sexual/minors", "violence", "violence/graphic",
)  # fmt: skip
_SIZE = re.compile(r"(\d+)x(\d+)")


def prompt_of(asked: Asked) -> Prompt:
    body = asked.json()
    system, texts, pictures = [], [], 0
    for message in body["messages"]:
        parts = message["content"]
        parts = [{"type": "text", "text": parts}] if isinstance(parts, str) else parts
        target = system if message["role"] in {"system", "developer"} else texts
        target += [part["text"] for part in parts if part["type"] == "text"]
        pictures += sum(part["type"] == "image_url" for part in parts)
    form = body.get("response_format", {"type": "text"})
    told = form.get("json_schema", {})
    schema = told.get("schema") or _schema_in("\n".join(system))
    limit = body.get("max_completion_tokens", body.get("max_tokens", 4096))
    return Prompt(body["model"], "\n".join(system), tuple(texts), pictures, schema, told.get("name"), limit)


def complete(asked: Asked, state: State) -> Answer:
    prompt = prompt_of(asked)
    reply = chat.reply(prompt, VENDOR, asked, state)
    refusal = reply.text if asked.goes_wrong(Fault.REFUSAL) else None
    message = {"role": "assistant", "content": None if refusal else reply.text, "refusal": refusal}
    end = "length" if asked.goes_wrong(Fault.CUT_OFF) else "stop"
    usage = {
        "prompt_tokens": reply.used,
        "completion_tokens": reply.made,
        "total_tokens": reply.used + reply.made,
    }
    return said(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": prompt.model,
            "choices": [{"index": 0, "message": message, "finish_reason": end, "logprobs": None}],
            "usage": usage,
        },
        charge=reply.charge,
    )


def generate(asked: Asked, _: State) -> Answer:
    body = asked.json()
    return _pictures(asked, body, seen=0)


def edit(asked: Asked, _: State) -> Answer:
    fields, files = _form(asked)
    if not any(name.startswith("image") for name in files):
        raise NotFitting("image is missing")
    return _pictures(asked, fields, seen=300 * len(files))


def _pictures(asked: Asked, body: dict[str, Any], seen: int) -> Answer:
    if asked.goes_wrong(Fault.REFUSAL):
        return refused(400, "moderation_blocked", "Your request was rejected by the safety system.")
    size = _SIZE.fullmatch(body.get("size", "1024x1024")) or _SIZE.fullmatch("1024x1024")
    if size is None or not body.get("prompt"):
        raise NotFitting("prompt is missing")
    width, height = int(size[1]) // 4, int(size[2]) // 4
    kind = {"jpeg": "JPEG", "webp": "WEBP"}.get(body.get("output_format", ""), "PNG")
    data = media.picture(width, height, len(body["prompt"]) % 8, kind)
    words, made = len(body["prompt"].encode()) // chat.BYTES_OF_A_TOKEN + 1, 1056
    bill = tariff.picture_by_tokens(VENDOR, body["model"], words, seen, made)
    usage = {
        "input_tokens": words + seen,
        "output_tokens": made,
        "total_tokens": words + seen + made,
        "input_tokens_details": {"text_tokens": words, "image_tokens": seen},
    }
    if asked.goes_wrong(Fault.NO_RESULT):
        data = b"<html>no picture</html>"
    made_now = {"created": 1, "data": [{"b64_json": base64.b64encode(data).decode()}], "usage": usage}
    if asked.goes_wrong(Fault.WRONG_CONTENT):
        made_now["data"] = []
    return said(made_now, charge=_charge(asked, "image", body["model"], bill))


def speak(asked: Asked, _: State) -> Answer:
    body = asked.json()
    if not body.get("input") or not body.get("voice"):
        raise NotFitting("input or voice is missing")
    if asked.goes_wrong(Fault.REFUSAL):
        return refused(400, "content_policy_violation", "This text cannot be read.")
    data = b"<html>no sound</html>" if asked.goes_wrong(Fault.NO_RESULT) else media.spoken(body["input"])
    bill = tariff.characters(VENDOR, body["model"], len(body["input"]))
    return Answer(200, data, "audio/mpeg", charge=_charge(asked, "speech", body["model"], bill))


def moderate(asked: Asked, state: State) -> Answer:
    body = asked.json()
    inputs = body["input"] if isinstance(body["input"], list) else [body["input"]]
    if all(isinstance(one, str) for one in inputs):
        results = [_verdict(state.flagged(text)) for text in inputs]
    else:
        told = [state.flagged(part["text"]) for part in inputs if part["type"] == "text"]
        told += [state.flagged_picture() for part in inputs if part["type"] == "image_url"]
        results = [_verdict([category for categories in told for category in categories], "image")]
    if asked.goes_wrong(Fault.WRONG_CONTENT):
        results = []
    charge = _charge(asked, "moderation", body["model"], tariff.moderation(VENDOR, body["model"]))
    return said({"id": "modr-1", "model": body["model"], "results": results}, charge=charge)


def _verdict(told: list[str], seen_as: str = "text") -> dict[str, Any]:
    return {
        "flagged": bool(told),
        "categories": {category: category in told for category in CATEGORIES},
        "category_scores": {category: 0.98 if category in told else 0.0001 for category in CATEGORIES},
        "category_applied_input_types": {category: [seen_as] for category in CATEGORIES},
    }


def _charge(asked: Asked, kind: str, model: str, bill: Any) -> Charge:
    return Charge(VENDOR, kind, None, model, bill.units, bill.micro_dollars, hash_of(asked.body), thing_in(asked.body))


def _schema_in(system: str) -> dict[str, Any]:
    """The schema that a prompt tells in words, for servers that take none."""
    at = system.find('{"type": "object"')
    if at < 0:
        return {}
    schema: dict[str, Any] = json.JSONDecoder().raw_decode(system, at)[0]
    return schema


def _form(asked: Asked) -> tuple[dict[str, str], dict[str, bytes]]:
    head = f"Content-Type: {asked.headers['content-type']}\r\n\r\n".encode()
    fields, files = {}, {}
    for part in BytesParser(policy=HTTP).parsebytes(head + asked.body).iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        content = part.get_payload(decode=True)
        if part.get_filename():
            files[name] = content
        else:
            fields[name] = content.decode()
    return fields, files
