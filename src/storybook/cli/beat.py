"""What is due from time to time, where the API leaves it to another process. Any number of these may run."""

from functools import partial
from pathlib import Path

from storybook.cli.told import touch, until_told_to_stop
from storybook.cli.watched import telling
from storybook.core.broker import Broker
from storybook.core.errors import SetupError
from storybook.core.metrics import exposed
from storybook.core.pulse import felt
from storybook.core.settings import Settings
from storybook.core.time_limits import of_service
from storybook.pipeline.dispatcher import Dispatcher
from storybook.resources import open_stock
from storybook.services import periodic

ALONE = "USE_CELERY is off, so `storybook serve` does everything itself. Turn it on, or do without this process."


async def keep_time(settings: Settings, alive: Path | None) -> int:
    """Until it is told to stop. While it works the file `alive` is never older than a minute."""
    if not settings.use_celery:
        raise SetupError(ALONE)
    async with open_stock(settings, of_service(settings.lease_seconds)) as (database, storage, stores):
        dispatcher = Dispatcher(database, Broker(settings.celery_broker_url))
        works = [
            *periodic.usual(database, storage, stores, settings.sweep_seconds),
            periodic.Work("waiting jobs", settings.sweep_seconds, dispatcher.top_up),
        ]
        with telling(settings, lambda: exposed({})), felt(database.engine):
            async with periodic.running(database, works, on_turn=partial(touch, alive)):
                await until_told_to_stop()
    return 0
