"""The messages that tell workers of jobs, carried by Celery over Redis. What is true stands in the table of jobs."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from celery import Celery
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from storybook.core.errors import BrokerAway
from storybook.core.settings import Settings

LOOK_AT = "look_at"
PATIENCE_SECONDS = 2.0
STARTS_IN_SECONDS = 30.0
"""A process of a pool on a busy machine."""
SOFT_SHARE = 0.9
"""Of JOB_SLA_SECONDS: after that a task hands its job back, before it is killed."""


def make_celery(settings: Settings) -> Celery:
    """The application that workers are made of. It keeps no results: the table has them."""
    app = Celery("storybook", broker=settings.celery_broker_url, set_as_current=False)
    app.conf.update(
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_time_limit=settings.job_sla_seconds,
        task_soft_time_limit=settings.job_sla_seconds * SOFT_SHARE,
        worker_prefetch_multiplier=1,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_proc_alive_timeout=STARTS_IN_SECONDS,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
    )
    return app


class Broker:
    """Sends messages. Nothing here blocks the event loop."""

    def __init__(self, url: str) -> None:
        options = {"socket_timeout": PATIENCE_SECONDS, "socket_connect_timeout": PATIENCE_SECONDS}
        self._app = Celery("storybook", broker=url, set_as_current=False)
        self._app.conf.update(broker_transport_options=options, broker_connection_timeout=PATIENCE_SECONDS)

    async def top_up(self, waiting: Mapping[str, Sequence[str]]) -> int:
        """Sends messages until each queue has one for each id that stands in it; returns how many were sent.

        Raises BrokerAway, also where there is nothing to send.
        """
        return await asyncio.to_thread(self._top_up, waiting)

    def _top_up(self, waiting: Mapping[str, Sequence[str]]) -> int:
        sent = 0
        try:
            with self._app.connection_for_write() as connection:
                connection.ensure_connection(max_retries=0)
                for queue, ids in waiting.items():
                    on_the_way = connection.default_channel.queue_declare(queue=queue).message_count
                    for each in ids[on_the_way:]:
                        self._send(connection, queue, each)
                        sent += 1
        except (KombuError, RedisError, OSError, ValueError) as error:
            raise BrokerAway("CELERY_BROKER_URL does not answer, or is none") from error
        return sent

    def _send(self, connection: Any, queue: str, job_id: str) -> None:
        self._app.send_task(LOOK_AT, args=[job_id], queue=queue, connection=connection, retry=False, ignore_result=True)
