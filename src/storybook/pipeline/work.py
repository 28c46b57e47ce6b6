"""Which work each kind of job is."""

from typing import assert_never

from storybook.domain.orders import AudioOrder, BookOrder, Claim, DescriptionOrder, PageOrder, PortraitOrder
from storybook.pipeline.describe import describe_pictures
from storybook.pipeline.kit import Kit
from storybook.pipeline.narrate import narrate
from storybook.pipeline.orchestrator import make_book
from storybook.pipeline.portrait import make_portrait
from storybook.pipeline.regenerate import regenerate_page


async def work_on(claim: Claim, kit: Kit) -> None:
    """Does the job, to its end in the table; raises what stands in its way."""
    match claim.order:
        case BookOrder() as order:
            await make_book(claim, order, kit)
        case PageOrder() as order:
            await regenerate_page(claim, order, kit)
        case AudioOrder() as order:
            await narrate(claim, order, kit)
        case PortraitOrder() as order:
            await make_portrait(claim, order, kit)
        case DescriptionOrder() as order:
            await describe_pictures(claim, order, kit)
        case never:
            assert_never(never)
