"""What a parent reads when a job failed, in the language of the book."""

from storybook.core.errors import ErrorCode
from storybook.domain.book_spec import Language

_SENTENCES = {
    Language.EN: {
        ErrorCode.SAFETY_INPUT: "We could not make this into a children's book. Please try a gentler idea. "
        "Your credit is back.",
        ErrorCode.SAFETY_OUTPUT: "The book that came out did not pass our checks for children, so we do not show it. "
        "Please try again. Your credit is back.",
        ErrorCode.STORAGE_UPLOAD_FAILED: "We could not save the book's pictures. Please try again in a few minutes. "
        "Your credit is back.",
    },
    Language.KO: {
        ErrorCode.SAFETY_INPUT: "이 내용으로는 어린이 그림책을 만들 수 없어요. "
        "조금 더 순한 이야기로 다시 시도해 주세요. 크레딧은 돌려드렸어요.",
        ErrorCode.SAFETY_OUTPUT: "완성된 책이 어린이 안전 확인을 통과하지 못해 보여드리지 않아요. "
        "다시 시도해 주세요. 크레딧은 돌려드렸어요.",
        ErrorCode.STORAGE_UPLOAD_FAILED: "그림을 저장하지 못했어요. 잠시 뒤에 다시 시도해 주세요. "
        "크레딧은 돌려드렸어요.",
    },
    Language.JA: {
        ErrorCode.SAFETY_INPUT: "この内容では子どもの絵本を作れませんでした。もう少しやさしいお話でお試しください。"
        "クレジットはお返ししました。",
        ErrorCode.SAFETY_OUTPUT: "できあがった絵本が子ども向けの確認を通らなかったため、お見せできません。"
        "もう一度お試しください。クレジットはお返ししました。",
        ErrorCode.STORAGE_UPLOAD_FAILED: "絵を保存できませんでした。しばらくしてからもう一度お試しください。"
        "クレジットはお返ししました。",
    },
}
_ANY_OTHER = {
    Language.EN: "We could not finish the book this time. Please try again. Your credit is back.",
    Language.KO: "이번에는 책을 완성하지 못했어요. 다시 시도해 주세요. 크레딧은 돌려드렸어요.",
    Language.JA: "今回は絵本を完成できませんでした。もう一度お試しください。クレジットはお返ししました。",
}


def sentence_for(code: ErrorCode, language: Language) -> str:
    """What a parent reads about a failed job, in the language of the book; at most 300 characters."""
    return _SENTENCES[language].get(code, _ANY_OTHER[language])
