"""One question to a language model, with one more chance to answer it well."""

from collections.abc import Callable
from typing import TypeVar

from storybook.core.errors import Charged, ErrorCode, ProviderError
from storybook.domain.calls import Outcome
from storybook.providers.language import Answer, LanguageModel, Question
from storybook.providers.questions import quoted
from storybook.providers.schemas import Unfit

T = TypeVar("T")


def most_sent_back(max_tokens: int) -> int:
    """The bytes of the longest answer, with its complaints, that is worth sending back."""
    return 8 * max_tokens + 4000


async def ask(model: LanguageModel, question: Question, read: Callable[[str], T]) -> T:
    """What `read` makes of the answer. One that it calls `Unfit`, or that was cut off, is sent back once, with the
    exact complaints.

    Raises ProviderError, with LLM_JSON_INVALID where the second answer is unfit too, or the first far too long.
    """
    answer = await model.answer(question)
    try:
        return read(whole(answer))
    except Unfit as unfit:
        sent_back = _sent_back(answer.text, unfit)
        if len(sent_back.encode()) > most_sent_back(question.max_tokens):
            raise _useless(model, f"at great length: {unfit}") from None
    answer = await model.answer(question.say(sent_back))
    try:
        return read(whole(answer))
    except Unfit as unfit:
        raise _useless(model, f"asked twice: {unfit}") from None


def whole(answer: Answer) -> str:
    """The text of the answer; raises Unfit where it was cut off."""
    if not answer.whole:
        raise Unfit(["the answer was cut off before its end; it must be shorter"])
    return answer.text


def _useless(model: LanguageModel, why: str) -> ProviderError:
    error = ProviderError(f"{model.name}, {why}", code=ErrorCode.LLM_JSON_INVALID, charged=Charged.YES)
    error.provider, error.reason = model.name, Outcome.UNUSABLE
    return error


def _sent_back(text: str, unfit: Unfit) -> str:
    faults = "\n".join(f"- {complaint}" for complaint in unfit.complaints)
    return (
        f"Your answer was, as JSON data:\n{quoted(text)}\n\nThis is wrong with it:\n{faults}\n\n"
        "Answer again with the whole JSON. Mend what is wrong and keep what is right."
    )
