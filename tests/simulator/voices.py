"""Google's and ElevenLabs' voices."""

import base64
import re
from typing import Any

from tests.simulator import media, tariff
from tests.simulator.chat import hash_of
from tests.simulator.faults import Fault
from tests.simulator.journal import Charge
from tests.simulator.state import State
from tests.simulator.wire import Answer, Asked, NotFitting, refused, said

GOOGLE = "google"
ELEVENLABS = "elevenlabs"
_MARK = re.compile(r'<mark name="([^"]+)"\s*/>')
_TAG = re.compile(r"<[^>]+>")


def google(asked: Asked, _: State) -> Answer:
    """Synthesizes text or SSML. Marks are not counted as characters; other tags are."""
    body = asked.json()
    source: str = body["input"].get("text") or body["input"].get("ssml") or ""
    voice = body["voice"]
    if not source or not voice.get("languageCode") or body["audioConfig"].get("audioEncoding") != "MP3":
        raise NotFitting("input.text, voice.languageCode and audioConfig.audioEncoding are required")
    if asked.goes_wrong(Fault.REFUSAL):
        return refused(400, "INVALID_ARGUMENT", "This text cannot be read.")
    name = voice.get("name", "").lower()
    model = next((tier for tier in ("neural2", "standard") if tier in name), "standard")
    sound = media.spoken(_TAG.sub("", source))
    answer: dict[str, Any] = {"audioContent": _sound(sound, asked)}
    if body.get("enableTimePointing"):
        marks = _MARK.findall(source)
        answer["timepoints"] = [{"markName": mark, "timeSeconds": 0.2 * at} for at, mark in enumerate(marks)]
    if asked.goes_wrong(Fault.WRONG_CONTENT):
        answer = {"audio": "elsewhere"}
    bill = tariff.characters(GOOGLE, model, len(_MARK.sub("", source)))
    return said(answer, charge=_charge(asked, GOOGLE, model, bill))


def elevenlabs(asked: Asked, _: State) -> Answer:
    """Speech and when each character of it sounds."""
    body, bill = _spoken(asked)
    text = body["text"]
    if asked.goes_wrong(Fault.REFUSAL):
        return refused(400, "detected_unusual_activity", "This text cannot be read.")
    step = media.SECONDS_PER_CHARACTER
    alignment = {
        "characters": list(text),
        "character_start_times_seconds": [round(step * at, 3) for at in range(len(text))],
        "character_end_times_seconds": [round(step * (at + 1), 3) for at in range(len(text))],
    }
    answer: dict[str, Any] = {"audio_base64": _sound(media.spoken(text), asked)}
    answer |= {"alignment": alignment, "normalized_alignment": alignment}
    if asked.goes_wrong(Fault.WRONG_CONTENT):
        answer = {"audio": "elsewhere"}
    return said(answer, charge=_charge(asked, ELEVENLABS, body["model_id"], bill))


def elevenlabs_plain(asked: Asked, _: State) -> Answer:
    body, bill = _spoken(asked)
    charge = _charge(asked, ELEVENLABS, body["model_id"], bill)
    return Answer(200, media.spoken(body["text"]), "audio/mpeg", charge=charge)


def _spoken(asked: Asked) -> tuple[dict[str, Any], Any]:
    body = asked.json()
    if not body.get("text") or not body.get("model_id"):
        raise NotFitting("text or model_id is missing")
    return body, tariff.characters(ELEVENLABS, body["model_id"], len(body["text"]))


def _sound(data: bytes, asked: Asked) -> str:
    return base64.b64encode(b"<html>no sound</html>" if asked.goes_wrong(Fault.NO_RESULT) else data).decode()


def _charge(asked: Asked, vendor: str, model: str, bill: Any) -> Charge:
    return Charge(vendor, "speech", None, model, bill.units, bill.micro_dollars, hash_of(asked.body))
