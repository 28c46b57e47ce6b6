"""The voice of a finished book, or of one page of it."""

from storybook.core.errors import ErrorCode, JobFailed, NotFound
from storybook.domain.book_spec import Language, TargetAge
from storybook.domain.jobs import Step, progress_of_voices
from storybook.domain.orders import AudioOrder, Claim
from storybook.models import Page
from storybook.pipeline.kit import Kit
from storybook.pipeline.steps.narrate import StoredSpeech, narrate_page
from storybook.pipeline.workbench import Workbench
from storybook.services import books
from storybook.services.files import folder_of
from storybook.storage.base import new_token

MP3 = "audio/mpeg"


async def narrate(claim: Claim, order: AudioOrder, kit: Kit) -> None:
    """Gives every page that was asked for and has no voice yet one, and the whole book one of all its pages."""
    bench = await Workbench.open(claim, kit)
    try:
        async with kit.database.session() as session:
            book = await books.get(session, claim.user_id, order.book_id)
    except NotFound as error:
        raise JobFailed(ErrorCode.UNKNOWN, "the book was deleted") from error
    language, age = Language(book.language), TargetAge(book.target_age)
    await bench.show(Step.NARRATE)
    wanted = [page for page in book.pages if order.page_number in (None, page.page_number)]
    keys: dict[int, str] = {}
    for ready, page in enumerate(wanted, start=1):
        keys[page.page_number] = page.audio_key or (await _speak(bench, page, language, age)).key
        await bench.show(Step.NARRATE, progress_of_voices(ready, len(wanted)))
    whole = await _join(claim, kit, list(keys.values())) if order.page_number is None else None
    texts = {page.page_number: page.text for page in wanted}
    async with kit.database.session() as session:
        try:
            await books.give_voice(session, claim, order.book_id, keys, texts, whole)
        except NotFound as error:
            raise JobFailed(ErrorCode.UNKNOWN, "the book was changed or deleted meanwhile") from error


async def _speak(bench: Workbench, page: Page, language: Language, age: TargetAge) -> StoredSpeech:
    kit = bench.kit
    folder = folder_of(bench.claim.asset_token)
    return await bench.once(
        Step.NARRATE,
        StoredSpeech,
        lambda: bench.attempt(
            Step.NARRATE,
            lambda: narrate_page(page.page_number, page.text, language, age, folder, kit.providers.speech, kit.storage),
        ),
        page=page.page_number,
    )


async def _join(claim: Claim, kit: Kit, keys: list[str]) -> str:
    """One file of all pages: MP3 frames of the same kind play one after the other."""
    parts = [(await kit.storage.get(key)).data for key in keys]
    whole = f"{folder_of(claim.asset_token)}/book-{new_token()}.mp3"
    await kit.storage.put(whole, b"".join(parts), MP3)
    return whole
