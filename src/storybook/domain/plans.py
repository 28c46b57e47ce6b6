"""The plans that can be subscribed to, and how they are told to a parent."""

from typing import NamedTuple

from storybook.domain.book_spec import Language
from storybook.domain.credits import WELCOME_GIFT, PlanName


class Plan(NamedTuple):
    """`price` is in Korean won for each month, `credits_per_month` what that month brings."""

    id: PlanName
    price: int
    credits_per_month: int


PLANS = {
    plan.id: plan
    for plan in (
        Plan(PlanName.FREE, price=0, credits_per_month=0),
        Plan(PlanName.BASIC, price=9_900, credits_per_month=15),
        Plan(PlanName.PREMIUM, price=19_900, credits_per_month=50),
    )
}
_NAMES = {
    Language.KO: {PlanName.FREE: "무료", PlanName.BASIC: "베이직", PlanName.PREMIUM: "프리미엄"},
    Language.EN: {PlanName.FREE: "Free", PlanName.BASIC: "Basic", PlanName.PREMIUM: "Premium"},
    Language.JA: {PlanName.FREE: "無料", PlanName.BASIC: "ベーシック", PlanName.PREMIUM: "プレミアム"},
}
_GIFT = {
    Language.KO: "처음 오신 분께 크레딧 {}개를 한 번 선물해요",
    Language.EN: "{} credits once, as a welcome gift",
    Language.JA: "はじめての方にクレジットを{}個、一度だけプレゼント",
}
_EACH_MONTH = {
    Language.KO: "매달 그림책 {}권을 만들 수 있는 크레딧",
    Language.EN: "Credits for {} books each month",
    Language.JA: "毎月、絵本{}冊分のクレジット",
}
_ALWAYS = {
    Language.KO: ("크레딧 1개로 그림책 1권", "완성하지 못한 책의 크레딧은 돌려드려요"),
    Language.EN: ("One credit makes one book", "A book that fails gives its credit back"),
    Language.JA: ("クレジット1個で絵本1冊", "完成しなかった絵本のクレジットはお返しします"),
}
_AS_LONG_AS_PAID = {
    Language.KO: ("남은 크레딧은 다음 달에도 그대로", "언제든 해지, 기간이 끝날 때까지 이용"),
    Language.EN: ("Credits that are left stay yours", "Cancel any time; it runs to the end of the paid month"),
    Language.JA: ("余ったクレジットは翌月もそのまま", "いつでも解約、期間の終わりまで利用できます"),
}


def name_of(plan: PlanName, language: Language) -> str:
    """What the plan is called."""
    return _NAMES[language][plan]


def features_of(plan: PlanName, language: Language) -> list[str]:
    """What the plan brings, in short lines that are all true."""
    if plan is PlanName.FREE:
        return [_GIFT[language].format(WELCOME_GIFT), *_ALWAYS[language]]
    monthly = _EACH_MONTH[language].format(PLANS[plan].credits_per_month)
    return [monthly, *_ALWAYS[language], *_AS_LONG_AS_PAID[language]]
