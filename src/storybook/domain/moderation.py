"""Verdicts on text and pictures."""

from enum import StrEnum

from storybook.domain.values import Strict


class Category(StrEnum):
    VIOLENCE = "violence"
    SEXUAL = "sexual"
    SELF_HARM = "self_harm"
    HATE = "hate"
    DRUGS = "drugs"
    WEAPONS = "weapons"
    HORROR = "horror"
    DANGEROUS_ACTS = "dangerous_acts"
    PROFANITY = "profanity"
    PERSONAL_DATA = "personal_data"
    FORBIDDEN_ELEMENT = "forbidden_element"
    NOT_A_PICTURE = "not_a_picture"
    UNSEEN = "unseen"


class Verdict(Strict):
    """`flagged` names what no child's book should hold; empty means fit for a child."""

    judged_by: str
    flagged: tuple[Category, ...] = ()

    @property
    def allowed(self) -> bool:
        return not self.flagged
