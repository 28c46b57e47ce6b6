"""How an entry of the ledger is shown to its user: the kind that the app knows, and a sentence."""

from enum import StrEnum

from storybook.domain.book_spec import Language
from storybook.domain.credits import MOVES, Account, Transaction


class Shown(StrEnum):
    """The kinds of the wire contract."""

    BONUS = "bonus"
    USAGE = "usage"
    PURCHASE = "purchase"
    SUBSCRIPTION = "subscription"
    REFUND = "refund"


SHOWN_AS = {
    Transaction.GIFT: Shown.BONUS,
    Transaction.GRANT: Shown.BONUS,
    Transaction.PURCHASE: Shown.PURCHASE,
    Transaction.SUBSCRIPTION: Shown.SUBSCRIPTION,
    Transaction.HOLD: Shown.USAGE,
    Transaction.RELEASE: Shown.REFUND,
    Transaction.REFUND: Shown.REFUND,
    Transaction.RETURN: Shown.REFUND,
    Transaction.SETTLE: Shown.REFUND,
}
"""The entries that change what can be spent. The others, such as the capture of what was held, are not shown.

So the amounts that a user sees add up to the balance that a user sees.
"""

_SENTENCES = {
    Language.KO: {
        Transaction.GIFT: "환영 선물",
        Transaction.GRANT: "서비스에서 드린 크레딧",
        Transaction.PURCHASE: "크레딧 구매",
        Transaction.SUBSCRIPTION: "구독 크레딧",
        Transaction.HOLD: "그림책 만들기",
        Transaction.RELEASE: "완성하지 못한 그림책의 크레딧 반환",
        Transaction.REFUND: "스토어 환불로 회수",
        Transaction.RETURN: "회수했던 크레딧 반환",
        Transaction.SETTLE: "스토어 환불로 남은 크레딧 정산",
    },
    Language.EN: {
        Transaction.GIFT: "Welcome gift",
        Transaction.GRANT: "Credits from us",
        Transaction.PURCHASE: "Credits bought",
        Transaction.SUBSCRIPTION: "Credits of your plan",
        Transaction.HOLD: "A book was made or is being made",
        Transaction.RELEASE: "Given back for a book that was not finished",
        Transaction.REFUND: "Taken back after a refund by the store",
        Transaction.RETURN: "Given again after it was taken back",
        Transaction.SETTLE: "Settles what a refund by the store left open",
    },
    Language.JA: {
        Transaction.GIFT: "ウェルカムギフト",
        Transaction.GRANT: "サービスからのクレジット",
        Transaction.PURCHASE: "クレジットの購入",
        Transaction.SUBSCRIPTION: "プランのクレジット",
        Transaction.HOLD: "絵本の作成",
        Transaction.RELEASE: "完成しなかった絵本のクレジットの返却",
        Transaction.REFUND: "ストアの返金による回収",
        Transaction.RETURN: "回収したクレジットの返却",
        Transaction.SETTLE: "ストアの返金で残っていた分の精算",
    },
}


def sentence_for(transaction: Transaction, language: Language) -> str:
    """What happened, in a few words."""
    return _SENTENCES[language][transaction]


def change_of(transaction: Transaction, amount: int) -> int:
    """How an entry of `amount` changes what can be spent."""
    source, target = MOVES[transaction]
    return amount * ((target is Account.AVAILABLE) - (source is Account.AVAILABLE))
