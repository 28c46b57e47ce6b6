"""Korean numbers as one counts things with them: `3마리` is said `세 마리`, and not `삼 마리`."""

import re

_ONES = ("", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉")
_TENS = ("", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")
_COUNTERS = (
    "개|명|마리|살|시|번|권|그루|송이|자루|켤레|벌|잔|그릇|조각|바퀴|달|사람|가지|군데|채|척|쌍|알|줄|걸음|밤|곳|장|병"
)
_COUNTED = re.compile(rf"([1-9][0-9]?)(?={_COUNTERS})")


def counted(word: str) -> str:
    """The word with a number below a hundred spelled out, where it counts things."""
    match = _COUNTED.match(word)
    return _native(int(match[1])) + " " + word[match.end() :] if match else word


def _native(number: int) -> str:
    if number == 20:
        return "스무"
    tens, ones = divmod(number, 10)
    return _TENS[tens] + _ONES[ones]
