"""What a parent reads when a job failed or did not do all of it, in the language of the book."""

from storybook.core.errors import ErrorCode
from storybook.domain.book_spec import Language

_SENTENCES = {
    Language.EN: {
        ErrorCode.SAFETY_INPUT: "We could not make this into a children's book. Please try a gentler idea.",
        ErrorCode.SAFETY_OUTPUT: "What came out did not pass our checks for children, so we do not show it. "
        "Please try again.",
        ErrorCode.STORAGE_UPLOAD_FAILED: "We could not save the files. Please try again in a few minutes.",
        ErrorCode.CANCELLED: "This was stopped.",
    },
    Language.KO: {
        ErrorCode.SAFETY_INPUT: "이 내용으로는 어린이 그림책을 만들 수 없어요. "
        "조금 더 순한 이야기로 다시 시도해 주세요.",
        ErrorCode.SAFETY_OUTPUT: "결과물이 어린이 안전 확인을 통과하지 못해 보여드리지 않아요. 다시 시도해 주세요.",
        ErrorCode.STORAGE_UPLOAD_FAILED: "파일을 저장하지 못했어요. 잠시 뒤에 다시 시도해 주세요.",
        ErrorCode.CANCELLED: "만들기를 멈추었어요.",
    },
    Language.JA: {
        ErrorCode.SAFETY_INPUT: "この内容では子どもの絵本を作れませんでした。もう少しやさしいお話でお試しください。",
        ErrorCode.SAFETY_OUTPUT: "子ども向けの確認を通らなかったため、お見せできません。もう一度お試しください。",
        ErrorCode.STORAGE_UPLOAD_FAILED: "ファイルを保存できませんでした。しばらくしてからもう一度お試しください。",
        ErrorCode.CANCELLED: "制作を止めました。",
    },
}
_ANY_OTHER = {
    Language.EN: "We could not finish this. Please try again.",
    Language.KO: "이번에는 완성하지 못했어요. 다시 시도해 주세요.",
    Language.JA: "今回は完成できませんでした。もう一度お試しください。",
}
_CREDIT_BACK = {
    Language.EN: " Your credit is back.",
    Language.KO: " 크레딧은 돌려드렸어요.",
    Language.JA: "クレジットはお返ししました。",
}
_NOT_UNDERSTOOD = {
    Language.EN: "The page was made anew, but we did not understand your wish. Please try it in other words.",
    Language.KO: "페이지를 새로 만들었지만 바라시는 내용은 알아듣지 못했어요. 다른 말로 다시 적어 주세요.",
    Language.JA: "ページは作り直しましたが、ご希望の内容がわかりませんでした。別の言葉でお試しください。",
}
_NOT_ALL_DESCRIBED = {
    Language.EN: "The pictures were described, but some are still without words. You can ask for these again later.",
    Language.KO: "그림을 설명해 두었어요. 다만 몇몇 그림은 아직 설명이 없어요. 나중에 다시 부탁하실 수 있어요.",
    Language.JA: "絵の説明をつけました。まだ説明のない絵がありますが、あとでもう一度お願いできます。",
}


def not_all_described(language: Language) -> str:
    """What is said of a book of whose pictures some stay without words; at most 300 characters."""
    return _NOT_ALL_DESCRIBED[language]


def wish_not_understood(language: Language) -> str:
    """What is said of a page that was made anew without the reader's wish; at most 300 characters."""
    return _NOT_UNDERSTOOD[language]


def sentence_for(code: ErrorCode, language: Language, *, credit_back: bool) -> str:
    """The sentence of a code; at most 300 characters. `credit_back` says that a credit was held and is returned."""
    sentence = _SENTENCES[language].get(code, _ANY_OTHER[language])
    return sentence + (_CREDIT_BACK[language] if credit_back else "")
