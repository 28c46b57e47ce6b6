"""How long a request waits for what is stored; clients give up after 30 seconds."""

import asyncio

from storybook.core.errors import StorageError
from storybook.storage.base import Storage

READ_SECONDS = 8.0
ANSWER_SECONDS = 20.0
"""For all that has to be done before the first byte of an answer."""
RETRY_SECONDS = 5


async def read(storage: Storage, key: str) -> bytes:
    """The object under the key; StorageError where it is not there within `READ_SECONDS`, ObjectMissing as by `get`."""
    try:
        async with asyncio.timeout(READ_SECONDS):
            return (await storage.get(key)).data
    except TimeoutError as error:
        raise StorageError(f"The storage has not answered for {READ_SECONDS:.0f} seconds.") from error
