"""Stories that are what was asked for: their language, length, age band and cast are those of the prompt."""

import json
import re
from typing import Any

from storybook.domain.story import PORTRAIT

Json = dict[str, Any]

NAMES = {"Korean": "루나", "English": "Luna", "Japanese": "ルナ"}
TITLES = {"Korean": "{0}와 작은 빛", "English": "{0} and the small light", "Japanese": "{0}と ちいさな ひかり"}
SHOWN = {
    "Korean": "작은 여우가 초록 목도리를 두르고 숲길을 걷고 있어요.",
    "English": "A small fox with a green scarf walks along a path in a forest.",
    "Japanese": "小さなきつねがみどりのマフラーをして森の道を歩いています。",
}
MORALS = {
    "Korean": "작은 빛도 길을 밝혀요.",
    "English": "A small light is enough.",
    "Japanese": "ちいさな ひかりで じゅうぶんです。",
}
# ruff: noqa: E501 - one sentence after another
SENTENCES = {
    "Korean": (
        "{0}는 숲길을 살금살금 걸었어요.", "나뭇잎이 바스락 노래했어요.", "{0}가 작은 빛을 보았어요.", "빛은 반짝 웃었어요.",
        "{0}는 조금 무서웠어요.", "바람이 귀를 간질였어요.", "{0}는 숨을 크게 쉬었어요.", "다리 밑에서 물이 졸졸 흘렀어요.",
        "{0}가 친구에게 손을 흔들었어요.", "친구도 활짝 웃었어요.", "{0}는 돌을 하나씩 건넜어요.", "발이 조금 젖었어요.",
        "{0}는 언덕 위에 올랐어요.", "하늘에 별이 가득했어요.", "{0}는 따뜻한 집으로 돌아왔어요.", "이불 속이 포근했어요.",
        "달이 창문으로 들여다보았어요.",
    ),
    "English": (
        "{0} walked softly along the path.", "The leaves sang a quiet song.", "{0} saw a small light.",
        "It blinked once and waited.", "{0} felt a little afraid.", "The wind tickled both ears.",
        "{0} took one deep breath.", "Water laughed under the bridge.", "{0} waved to a friend.", "The friend waved back.",
        "{0} hopped from stone to stone.", "Both feet got wet.", "{0} climbed the round hill.", "The sky was full of stars.",
        "{0} came home at last.", "The blanket was warm.", "The moon looked in.",
    ),
    "Japanese": (
        "{0}は もりの みちを あるきました。", "はっぱが さらさら うたいました。", "{0}は ちいさな ひかりを みました。",
        "ひかりは ぴかりと わらいました。", "{0}は すこし こわくなりました。", "かぜが みみを くすぐりました。",
        "{0}は おおきく いきを すいました。", "はしの したで みずが ながれました。", "{0}は ともだちに てを ふりました。",
        "ともだちも にっこり わらいました。", "{0}は いしを ひとつずつ わたりました。", "あしが すこし ぬれました。",
        "{0}は おかの うえに のぼりました。", "そらは ほしで いっぱいでした。", "{0}は おうちに かえりました。",
        "ふとんは ぽかぽかでした。", "つきが まどから のぞきました。",
    ),
}  # fmt: skip
PLACES = ("forest", "river", "bridge", "hill", "meadow", "bedroom")
MOODS = ("curious", "calm", "worried", "surprised", "proud", "happy")
POSES = ("walking", "standing", "reaching", "jumping", "waving", "sitting")

_LANGUAGE = re.compile(r"(?:In )?(Korean|English|Japanese)(?: throughout|, in its own script)")
_BAND = re.compile(r"(\d+) to (\d+) sentences")
_PAGES = re.compile(r"exactly (\d+)")
_NUMBER = re.compile(r"\bnumber (\d+)")
_SIGN = re.compile(rb"\b(?:sign|number) (\d+)(?:-(\d+))?")


def data_in(text: str) -> Json:
    """The first JSON object in a prompt; empty where there is none."""
    decoder = json.JSONDecoder()
    for found in re.finditer(r"\{", text):
        try:
            value, _ = decoder.raw_decode(text, found.start())
        except ValueError:
            continue
        if isinstance(value, dict):
            return value
    return {}


def thing_in(body: bytes) -> str | None:
    """What a call is for, as book and page such as `17/3`, where the book's topic holds its number."""
    found = _SIGN.findall(body)
    book, page = next((pair for pair in found if pair[1]), found[0] if found else (b"", b""))
    return f"{book.decode()}/{page.decode() or PORTRAIT}" if book else None


def with_planted(value: Any, planted: str, into: frozenset[str]) -> Any:
    """The story where each text under these keys begins with other words; of a page, in the place of a sentence."""
    if isinstance(value, list):
        return [with_planted(part, planted, into) for part in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _begun(part, planted) if key in into and isinstance(part, str) else with_planted(part, planted, into)
        for key, part in value.items()
    }


def _begun(text: str, planted: str) -> str:
    _, *rest = re.split(r"(?<=[.。])\s*", text.rstrip(), maxsplit=1)
    return f"{planted} {rest[0]}".strip() if rest else planted


class Storyteller:
    """Tells what one prompt asks for: `system` holds the rules, `data` what the parent wants."""

    def __init__(self, system: str, data: Json) -> None:
        told = _LANGUAGE.search(system)
        band = _BAND.search(system)
        self.language = told[1] if told else "English"
        self.sentences = int(band[1]) if band else 2
        self.data = data
        numbered = _NUMBER.search(str(data))
        self.sign = numbered[1] if numbered else ""
        """Shown in every picture of a book whose topic holds a number, so that its orders can be told apart."""

    def story(self, schema: Json) -> Json:
        counted = _PAGES.search(schema["properties"]["pages"].get("description", ""))
        number = int(counted[1]) if counted else schema["properties"]["pages"].get("minItems", 8)
        cast = self._cast()
        hero = cast[0]["name"]
        return {
            "title": TITLES[self.language].format(hero),
            "moral": MORALS[self.language],
            "cast": cast,
            "cover": self._scene(cast, 0),
            "pages": [self._page(cast, page) for page in range(1, number + 1)],
        }

    def alt_text(self) -> Json:
        """What a picture shows."""
        return {"text": SHOWN[self.language]}

    def page(self) -> Json:
        """The page again, in other words."""
        old = self.data.get("page_to_rewrite", {})
        cast = self.data.get("cast") or self._cast()
        number = int(old.get("page_number", 1))
        scene = old.get("scene") or _scene(cast, number)
        return {"text": self._text(cast[0]["name"], number + 5), "scene": scene, "understood": True}

    def staged(self) -> Json:
        """The picture of a page from another side."""
        number = int(self.data.get("page_to_stage", {}).get("page_number", 1))
        return {"scene": _scene(self.data.get("cast") or self._cast(), number + 1), "understood": True}

    def sheets(self) -> Json:
        return {"characters": [_sheet(member) for member in self.data.get("cast", [{"name": "Luna"}])]}

    def _page(self, cast: list[Json], number: int) -> Json:
        return {"page_number": number, "text": self._text(cast[0]["name"], number), "scene": self._scene(cast, number)}

    def _scene(self, cast: list[Json], number: int) -> Json:
        scene = _scene(cast, number)
        if self.sign:
            scene["description"] += f" beside the sign {self.sign}-{number}"
        return scene

    def _cast(self) -> list[Json]:
        """The hero of the request and everyone it brings along; someone new where it names nobody."""
        brought = [self.data["hero"]] if self.data.get("hero") else []
        brought += self.data.get("known_characters", [])
        brought += [one for book in self.data.get("earlier_books", [])[-1:] for one in book["companions"]]
        names = list(dict.fromkeys(one["name"] for one in brought)) or [NAMES[self.language]]
        sign = f" and the sign {self.sign}" if self.sign else ""
        return [
            {
                "name": name,
                "role": "friend" if number else "hero",
                "kind": "fox",
                "look": f"a small fox with a {('green', 'blue', 'red', 'yellow')[number % 4]} scarf{sign}",
                "traits": ["kind", "curious"],
            }
            for number, name in enumerate(names[:6])
        ]

    def _text(self, hero: str, number: int) -> str:
        sentences = SENTENCES[self.language]
        first = (number - 1) * self.sentences
        told = [sentences[(first + more) % len(sentences)] for more in range(self.sentences)]
        return ("" if self.language == "Japanese" else " ").join(told).format(hero)


def _scene(cast: list[Json], number: int) -> Json:
    place = PLACES[number % len(PLACES)]
    shown = cast if number % 2 == 0 else cast[:1]
    return {
        "description": f"A small fox with a scarf looks around in the {place}",
        "place": place,
        "time": "day",
        "weather": "clear",
        "actors": [
            {
                "name": member["name"],
                "mood": MOODS[number % len(MOODS)],
                "pose": POSES[number % len(POSES)],
                "holding": None,
            }
            for member in shown[:4]
        ],
        "props": ["lantern"],
    }


def _sheet(member: Json) -> Json:
    look = member.get("look", "a small red fox with a green scarf")
    return {
        "name": member["name"],
        "master_description": f"{look}, round ears, bright eyes, soft fur and a white tip of the tail",
        "appearance": {
            "age_visual": "a child", "face": "white muzzle, round eyes", "hair": "soft fur", "skin": "fur",
            "body": "small and round",
        },
        "clothing": {"top": "a scarf", "bottom": "none", "shoes": "none", "accessories": "none"},
        "personality_traits": member.get("traits") or ["kind"],
        "visual_style_notes": "soft shapes, plain colours",
    }  # fmt: skip
