"""What a person is called, told from a sentence that stands where a name should be."""

import re
import unicodedata

MAX_WORDS = 3
MAX_CAPITALISED = 5
"""As many words may be one name, or several, where each begins with a capital."""
MAX_PEOPLE = 3
MAX_LETTERS = 20
MAX_KOREAN = 5
MAX_TRANSCRIBED = 7
MAX_JAPANESE = 8

PARTICLES = frozenset(
    (
        "abu", "al", "ben", "bin", "bint", "da", "das", "de", "del", "della", "den", "der", "di", "dos", "du", "e",
        "el", "ibn", "la", "las", "le", "los", "ten", "ter", "van", "von", "y", "zu",
    )
)  # fmt: skip
"""Small words that stand inside of names."""
_KIN = frozenset(
    (
        "daughter", "son", "girl", "boy", "sister", "brother", "niece", "nephew", "granddaughter", "grandson", "child",
        "kid", "princess", "prince", "딸", "우리딸", "큰딸", "아들", "우리아들", "큰아들", "막내", "동생", "조카",
        "손녀", "손자", "친구", "공주", "왕자", "아이", "어린이", "娘", "息子",
    )
)  # fmt: skip
"""What somebody is to others, and is not called."""
DESCRIBED = _KIN | frozenset(
    (
        "the", "a", "an", "my", "our", "little", "big", "baby", "old", "tiny", "brave", "sweet", "dear", "young",
        "우리", "아기", "꼬마", "작은", "귀여운", "용감한", "예쁜", "착한", "멋진", "어린", "씩씩한", "사랑스러운",
        "小さな", "大きな", "ちいさな", "おおきな",
    )
)  # fmt: skip
"""Words before a name that are none."""
_OURS = frozenset(("my", "our"))

_WORD = re.compile(r"[^\W\d_]+(?:['’.\-·・][^\W\d_]+)*(?:[.·]|\d{1,2})?")
_ENDS = re.compile(r"^[\W_]+|[\W_]+\d{1,2}[\W_]*$|[\W_]+$")
_JOINER = re.compile(
    r"[,;/&+、()\[\]]|\sand\s|(?<=[가-힣]{2})(?:이랑|랑|과|와|하고)\s"
    r"|(?<=[ぁ-ヺー]{2})と(?=[ぁ-ヺー]{2})|(?<=[一-鿿])と(?=[一-鿿])",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"[(\[][^()\[\]]*[)\]]?")
_AGE = re.compile(
    r"(?:(?<!\d)\d{1,2}|(?:^|(?<=\s))(?:열?\s?(?:한|두|세|네|다섯|여섯|일곱|여덟|아홉)|열))\s?(?:살|세(?![가-힣]))(?:짜리|된|의)?"
    r"|(?<!\d)\d{1,2}\s?(?:歳|才|さい)の?|(?<!\d)\d{1,2}[\s-]years?[\s-]old|\baged?\s+\d{1,2}\b",
    re.IGNORECASE,
)
_OWNED = re.compile(r"(?<=\w)['’]s\s.*")
_DESCRIBING = re.compile(
    rf"^(?:(?:{'|'.join(sorted(DESCRIBED))})\s+(?=\S)|(?:小さな|大きな|ちいさな|おおきな)(?=\S))+", re.IGNORECASE
)
_ADDRESSED = re.compile(
    r"(?<=..)(?:ちゃん|くん|さん)$|(?<=[ぁ-ヺー]{2})(?:姫|王子|君)$|(?<=..)[-\s](?:chan|kun|san|ssi)$"
    r"|(?<=[가-힣]{2})(?<![가-힣]{2}[한운])(?<![픈쁜른])\s(?:씨|양|군|공주님?|왕자님?|어린이)$",
    re.IGNORECASE,
)
_CALLING = re.compile(r"(?<=[가-힣])([가-힣])([이야])$")
_FINALS = 28

_KOREAN = re.compile(r"[가-힣]")
_JAPANESE = re.compile(r"[ぁ-ヺ一-鿿]")
_KATAKANA = re.compile(r"[ァ-ヺー]+")
_TRANSCRIBED = re.compile(r"[드브스즈츠크트프]")
_KOREAN_GRAMMAR = re.compile(r"를|[가-힣]{2}[다요까]$|[가-힣]지마$")
_JAPANESE_GRAMMAR = re.compile(r"[をっ]|(?:です|ます|した|..しろ|しね|する|れる|ない|たい)$")
_HIRAGANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1) if chr(code) != "ッ"}
_SAYING = frozenset(
    """
    a about after again all always am and any anybody anyone are at be because been before being but by can
    come could did die died dies do does doing done each every everybody everyone for from get give go going
    had has hate hated hates have he her here hers him his hit hits how hurt hurts i if in into is it its kill
    killed kills let like loved loves made make makes me mine more most mummy daddy must my need needs never no
    nobody none not now of off on or our ours out over said say says she should so some take tell than that the
    their theirs them then there these they this those to too touch touched touches under until us very want
    wants was we were what when where which who why with without would you your yours
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
"""Words of which sentences are made, and nobody's name. A name that is also a word (Will, May, An) is not here."""


def is_called(text: str) -> bool:
    """Whether somebody, or a few people, may be called so: words of letters, none of them one that sentences are made
    of, and either few or each with a capital. What stands around the names, as in `my Emma!`, does not count.

    It decides what is kept from vendors that judge texts, so it is strict where several words stand together: what is
    no name has to be judged. One word alone is taken for a name.
    """
    people = _people(text)
    words = " ".join(people).split()
    if not words or len(people) > MAX_PEOPLE or not all(map(_WORD.fullmatch, words)):
        return False
    if _KOREAN.search(text):
        return all(map(_is_korean, people))
    if _JAPANESE.search(text):
        return all(map(_is_japanese, people))
    return (words == [text] and len(text) <= MAX_LETTERS) or _are_western(words, alone=len(people) == 1)


def people_in(text: str) -> tuple[str, ...]:
    """Who is named in what stands in the place of a name, each as a text would call them: `Emma` and `Noah` for
    `my Emma & little Noah!`.
    """
    return tuple(dict.fromkeys(filter(None, map(_bare, _people(text)))))


def without_asides(text: str) -> str:
    """What stands in the place of a name, without what is in brackets there."""
    return _ASIDE.sub(" ", unicodedata.normalize("NFKC", text))


def _people(text: str) -> list[str]:
    """The names that are joined to one, without what is around each."""
    names = _JOINER.split(_AGE.sub(" ", unicodedata.normalize("NFKC", text)))
    told = (_ENDS.sub("", _OWNED.sub("", part.strip())) for part in names)
    return [name for name in told if name and not name.isdecimal()]


def _bare(name: str) -> str:
    person = _CALLING.sub(_without_call, _ADDRESSED.sub("", _DESCRIBING.sub("", name)))
    return "" if person != name and person.casefold() in _KIN else person


def _without_call(found: re.Match[str]) -> str:
    """A Korean name is called with -i behind a final consonant alone, and with -ya behind a vowel."""
    has_final = (ord(found[1]) - ord("가")) % _FINALS > 0
    return found[1] if has_final == (found[2] == "이") else found[0]


def _is_korean(name: str) -> bool:
    words = name.split()
    return len(words) <= MAX_WORDS - 1 and all(
        len(word) <= (MAX_TRANSCRIBED if _TRANSCRIBED.search(word) else MAX_KOREAN) and not _KOREAN_GRAMMAR.search(word)
        for word in words
    )


def _is_japanese(name: str) -> bool:
    words = name.split()
    most = MAX_WORDS if all(map(_KATAKANA.fullmatch, words)) else MAX_WORDS - 1
    return len(words) <= most and all(
        len(word) <= MAX_JAPANESE and not _JAPANESE_GRAMMAR.search(word.translate(_HIRAGANA)) for word in words
    )


def _are_western(words: list[str], *, alone: bool) -> bool:
    said = words[-1:] if alone and _is_our_own(words) else words
    if any(len(word) > MAX_LETTERS or word.lower().rstrip(".") in _SAYING for word in said):
        return False
    if alone and len(words) <= MAX_WORDS:
        return True
    return len(words) <= MAX_CAPITALISED and all(map(_is_capitalised, words))


def _is_our_own(words: list[str]) -> bool:
    """Whether they are as in `my Emma` and `our daughter Emma`."""
    before, name = words[:-1], words[-1]
    ours = bool(before) and before[0].lower() in _OURS and all(word.lower() in _KIN for word in before[1:])
    return ours and len(words) <= MAX_WORDS and _is_capitalised(name)


def _is_capitalised(word: str) -> bool:
    return word[0].isupper() or word in PARTICLES
