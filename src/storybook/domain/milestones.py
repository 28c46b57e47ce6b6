"""Milestones of reading: each is celebrated once."""

from enum import StrEnum
from typing import NamedTuple

from storybook.domain.book_spec import Language
from storybook.domain.streaks import Streak


class Kind(StrEnum):
    """Days in a row, or all days of reading."""

    STREAK = "streak"
    TOTAL = "total"


class Milestone(NamedTuple):
    kind: Kind
    days: int


class Praise(NamedTuple):
    title: str
    description: str


MILESTONES = (
    *(Milestone(Kind.STREAK, days) for days in (3, 7, 14, 30, 100)),
    *(Milestone(Kind.TOTAL, days) for days in (10, 50, 100)),
)

_PRAISE = {
    Language.KO: {
        (Kind.STREAK, 3): Praise("3일 연속 읽기", "사흘째 그림책과 함께했어요. 참 좋은 시작이에요!"),
        (Kind.STREAK, 7): Praise("일주일 연속 읽기", "일주일 내내 책을 펼쳤어요. 정말 멋져요!"),
        (Kind.STREAK, 14): Praise("2주 연속 읽기", "두 주 동안 꾸준히 읽었어요. 책 읽는 시간이 습관이 되었네요."),
        (Kind.STREAK, 30): Praise("30일 연속 읽기", "한 달 동안 이야기와 함께했어요. 대단해요!"),
        (Kind.STREAK, 100): Praise("100일 연속 읽기", "백 일의 이야기가 쌓였어요. 오래오래 기억할 만한 일이에요."),
        (Kind.TOTAL, 10): Praise("책 읽은 날 10일", "책과 함께한 날이 열흘이 되었어요."),
        (Kind.TOTAL, 50): Praise("책 읽은 날 50일", "책과 함께한 날이 쉰 날이나 돼요. 훌륭해요!"),
        (Kind.TOTAL, 100): Praise("책 읽은 날 100일", "책과 함께한 날이 백 일이 되었어요. 축하해요!"),
    },
    Language.EN: {
        (Kind.STREAK, 3): Praise("3 days in a row", "Three days with a story. What a good start!"),
        (Kind.STREAK, 7): Praise("A whole week", "You opened a book every day this week. Wonderful!"),
        (Kind.STREAK, 14): Praise("Two weeks in a row", "Two weeks of stories: reading is a habit now."),
        (Kind.STREAK, 30): Praise("30 days in a row", "A month of stories together. That is something to be proud of!"),
        (Kind.STREAK, 100): Praise("100 days in a row", "A hundred days of stories. You will remember this for long."),
        (Kind.TOTAL, 10): Praise("10 days of reading", "You have spent ten days with books."),
        (Kind.TOTAL, 50): Praise("50 days of reading", "You have spent fifty days with books. Well done!"),
        (Kind.TOTAL, 100): Praise("100 days of reading", "You have spent a hundred days with books. Congratulations!"),
    },
    Language.JA: {
        (Kind.STREAK, 3): Praise("3日連続", "3日続けて絵本を読みました。すてきな始まりです!"),
        (Kind.STREAK, 7): Praise("1週間連続", "1週間、毎日本を開きました。すばらしいです!"),
        (Kind.STREAK, 14): Praise("2週間連続", "2週間続きました。読書がすっかり習慣になりましたね。"),
        (Kind.STREAK, 30): Praise("30日連続", "1か月、お話といっしょに過ごしました。とてもりっぱです!"),
        (Kind.STREAK, 100): Praise("100日連続", "100日分のお話が積み重なりました。ずっと心に残る記録です。"),
        (Kind.TOTAL, 10): Praise("読書した日が10日", "本と過ごした日が10日になりました。"),
        (Kind.TOTAL, 50): Praise("読書した日が50日", "本と過ごした日が50日になりました。お見事です!"),
        (Kind.TOTAL, 100): Praise("読書した日が100日", "本と過ごした日が100日になりました。おめでとうございます!"),
    },
}


def reached_by(streak: Streak) -> list[Milestone]:
    """The milestones that a streak stands at, in their order."""
    days = {Kind.STREAK: streak.current, Kind.TOTAL: streak.total}
    return [milestone for milestone in MILESTONES if days[milestone.kind] == milestone.days]


def praise_for(milestone: Milestone, language: Language) -> Praise:
    """What the reader is told about a milestone."""
    return _PRAISE[language][milestone]
