"""What is done at the start, so that the event loop never stands still for it later."""

import gc

from storybook.main import create_app, settle
from storybook.resources import Resources


async def test_the_garbage_collector_leaves_alone_what_is_there_at_the_start(resources: Resources) -> None:
    app = create_app(resources)
    assert any(held is app for held in gc.get_objects())
    await settle(app)
    looked_at = gc.get_objects()
    gc.unfreeze()
    assert not any(held is app for held in looked_at)
