"""The voice of a finished book, or of one page of it."""

from storybook.core.errors import ErrorCode, JobFailed, NotFound, ObjectMissing, WordsChanged
from storybook.domain.book_spec import Language, TargetAge
from storybook.domain.jobs import Step, progress_of_voices
from storybook.domain.orders import AudioOrder, Claim
from storybook.domain.speech import Speech
from storybook.models import Book, Page
from storybook.pipeline.kit import Kit
from storybook.pipeline.steps.narrate import StoredSpeech, narrate_page, place
from storybook.pipeline.workbench import Workbench
from storybook.services import books, files
from storybook.services.books import PageVoice, WholeVoice
from storybook.services.files import folder_of
from storybook.storage.base import new_token

MP3 = "audio/mpeg"
ROUNDS = 5
"""How often a book is gone through whose words are changed while it is read aloud."""


async def narrate(claim: Claim, order: AudioOrder, kit: Kit) -> None:
    """Gives every page that was asked for and has no voice yet one, and the whole book one of all its pages.

    A voice whose file is missing is made anew. A page whose words are changed meanwhile is read again; the voices of
    all others are kept.
    """
    bench = await Workbench.open(claim, kit, Step.NARRATE)
    try:
        for _ in range(ROUNDS):
            if await _read_aloud(bench, order):
                return
    except NotFound as error:
        raise JobFailed(ErrorCode.UNKNOWN, "the book was deleted") from error
    raise JobFailed(ErrorCode.UNKNOWN, "the book was changed again and again")


async def _read_aloud(bench: Workbench, order: AudioOrder) -> bool:
    """Whether the pages have their voices now; not where one of them was changed. Raises NotFound."""
    claim, kit = bench.claim, bench.kit
    async with kit.database.session() as session:
        book = await books.get(session, claim.user_id, order.book_id)
    wanted = [page for page in book.pages if order.page_number in (None, page.page_number)]
    voices = await _voices(bench, book, wanted)
    whole = None
    try:
        if order.page_number is None and not await _is_there(bench, book.audio_key):
            whole = WholeVoice(await _join(bench, [voice.key for voice in voices.values()]), book.audio_key)
        async with kit.database.session() as session:
            await books.give_voice(session, claim, order.book_id, voices, whole)
    except (WordsChanged, ObjectMissing):
        async with kit.database.session() as session:
            await files.discard(session, whole.key if whole else None)
        return False
    return True


async def _voices(bench: Workbench, book: Book, wanted: list[Page]) -> dict[int, PageVoice]:
    """The voice of each page: the page's own, or one that speaks the words that it has now."""
    language, age = Language(book.language), TargetAge(book.target_age)
    voices: dict[int, PageVoice] = {}
    for ready, page in enumerate(wanted, start=1):
        if page.audio_key and await _is_there(bench, page.audio_key):
            voice = PageVoice(page.text, page.audio_key, books.spoken_words(page), page.audio_key)
        else:
            spoken = await _speak(bench, page, language, age)
            voice = PageVoice(page.text, spoken.key, spoken.words, page.audio_key)
        voices[page.page_number] = voice
        await bench.show(Step.NARRATE, progress_of_voices(ready, len(wanted)))
    return voices


async def _speak(bench: Workbench, page: Page, language: Language, age: TargetAge) -> StoredSpeech:
    kit, number = bench.kit, page.page_number
    spoken = bench.kept(Step.NARRATE, StoredSpeech, number)
    if spoken and (spoken.text != page.text or not await _is_there(bench, spoken.key)):
        await bench.discard((Step.NARRATE, number), key=spoken.key)

    async def put(speech: Speech) -> StoredSpeech:
        stored = place(speech, number, page.text, folder_of(bench.claim.asset_token))
        await bench.put(stored.key, speech.data, speech.media_type)
        return stored

    return await bench.once_put(
        Step.NARRATE,
        StoredSpeech,
        lambda: bench.attempt(
            Step.NARRATE, lambda: narrate_page(page.text, language, age, kit.providers.speech), page=number
        ),
        put,
        page=number,
    )


async def _is_there(bench: Workbench, key: str | None) -> bool:
    """Whether there is a key, and a file under it."""
    if key is None:
        return False
    try:
        await bench.kit.storage.get(key)
    except ObjectMissing:
        return False
    return True


async def _join(bench: Workbench, keys: list[str]) -> str:
    """One file of all pages: MP3 frames of the same kind play one after the other."""
    parts = [(await bench.kit.storage.get(key)).data for key in keys]
    whole = f"{folder_of(bench.claim.asset_token)}/book-{new_token()}.mp3"
    await bench.put(whole, b"".join(parts), MP3)
    return whole
