"""A character from a photo. The photo is deleted with the job's end, whatever that is."""

from storybook.core.errors import ErrorCode
from storybook.domain.book_spec import TargetAge
from storybook.domain.characters import CharacterSheet
from storybook.domain.jobs import Step
from storybook.domain.orders import Claim, PortraitOrder
from storybook.models.jobs import UNJUDGED
from storybook.pipeline.kit import Kit
from storybook.pipeline.verdicts import passed
from storybook.pipeline.workbench import Workbench
from storybook.providers.base import SightRequest, TextCheck
from storybook.services import characters, portraits


async def make_portrait(claim: Claim, order: PortraitOrder, kit: Kit) -> None:
    """Keeps the character that the photo suggests, in words; no photo and no likeness is kept."""
    bench = await Workbench.open(claim, kit, Step.GENERATE_CHARACTER_SHEET)
    sheet = await bench.once(Step.GENERATE_CHARACTER_SHEET, CharacterSheet, lambda: _judged(bench, order))
    async with kit.database.session() as session:
        await portraits.finish(session, claim, order, sheet)


async def _judged(bench: Workbench, order: PortraitOrder) -> CharacterSheet:
    """What was seen in the photo; it is kept before it is judged, as a story is."""
    moderation = bench.kit.providers.moderation
    sheet = await bench.once(
        Step.GENERATE_CHARACTER_SHEET, CharacterSheet, lambda: _described(bench, order), page=UNJUDGED
    )
    check = TextCheck(
        texts=tuple(sheet.texts()), language=order.language, target_age=TargetAge.TODDLER, names=(sheet.name,)
    )
    verdict = await bench.attempt(Step.MODERATE_INPUT, lambda: moderation.judge_request(check))
    passed(verdict, ErrorCode.SAFETY_INPUT, "the character")
    return sheet


async def _described(bench: Workbench, order: PortraitOrder) -> CharacterSheet:
    claim, kit = bench.claim, bench.kit
    async with kit.database.session() as session:
        photo = await portraits.photo_of(session, claim)
        taken = await characters.names_of(session, claim.user_id)
    request = SightRequest(
        photo=photo,
        name=order.name,
        taken=taken,
        gender=order.gender,
        style=order.style,
        language=order.language,
        seed=claim.seed,
    )
    return await bench.attempt(Step.GENERATE_CHARACTER_SHEET, lambda: kit.providers.sight.describe(request))
