"""Counts calls in Redis, for all processes, by its clock and in one round trip."""

import time
from collections.abc import Callable, Sequence

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.maint_notifications import MaintNotificationsConfig

from storybook.core.database import Database
from storybook.core.settings import Settings
from storybook.domain.limits import Allowance, CallClass, Limits, Standing, Verdict
from storybook.services.limits import CallLimits, Limiter, OwnLimiter

log = structlog.get_logger()

PATIENCE_SECONDS = 0.5
AWAY_SECONDS = 1.5
CONNECTIONS = 20
MICROSECONDS = 1_000_000

# One list a subject with the microseconds of its admitted calls, oldest first. What a call may do is decided for all
# subjects before anything is added. Numbers are written by format, which keeps all digits.
_ADMIT = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local answers, full = {}, false
for i, key in ipairs(KEYS) do
  local calls, window = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local oldest = redis.call('LINDEX', key, 0)
  while oldest and tonumber(oldest) <= now - window do
    redis.call('LPOP', key)
    oldest = redis.call('LINDEX', key, 0)
  end
  local used, wait = redis.call('LLEN', key), 0
  if used >= calls then
    full = true
    wait = tonumber(redis.call('LINDEX', key, -calls)) + window - now
  end
  answers[i] = {used, wait, oldest and tonumber(oldest) + window - now or 0}
end
if not full then
  for i, key in ipairs(KEYS) do
    local window = tonumber(ARGV[2 * i])
    redis.call('RPUSH', key, string.format('%.0f', now))
    redis.call('PEXPIRE', key, math.ceil(window / 1000))
    answers[i][1] = answers[i][1] + 1
    if answers[i][1] == 1 then answers[i][3] = window end
  end
end
return answers
"""


def connect(url: str, patience: float = PATIENCE_SECONDS) -> Redis:
    """A client that gives up soon and does not try again by itself: there is another way to count."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS,
        timeout=patience,
        socket_timeout=patience,
        socket_connect_timeout=patience,
        retry=Retry(NoBackoff(), 0),
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )
    return Redis.from_pool(pool)


class RedisLimiter:
    """While Redis is away, `otherwise` counts; Redis is asked again after `AWAY_SECONDS`."""

    def __init__(self, client: Redis, otherwise: Limiter, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._otherwise = otherwise
        self._clock = clock
        self._away_until = 0.0
        self._script = client.register_script(_ADMIT)

    async def admit(self, call_class: CallClass, allowances: Sequence[Allowance]) -> Verdict:
        if self._clock() < self._away_until:
            return await self._otherwise.admit(call_class, allowances)
        if self._away_until:
            self._away_until = self._clock() + AWAY_SECONDS  # this call looks whether it is back, the others need not
        try:
            verdict = await self._ask(call_class, allowances)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("redis_away", exc_info=error)
            self._away_until = self._clock() + AWAY_SECONDS
            return await self._otherwise.admit(call_class, allowances)
        self._away_until = 0.0
        return verdict

    async def _ask(self, call_class: CallClass, allowances: Sequence[Allowance]) -> Verdict:
        keys = [f"limit:{call_class}:{allowance.subject}" for allowance in allowances]
        numbers = [number for each in allowances for number in (each.limit.calls, each.limit.seconds * MICROSECONDS)]
        answers = await self._script(keys, numbers)
        return Verdict(
            tuple(
                Standing(allowance, used=int(used), wait=wait / MICROSECONDS, reset=reset / MICROSECONDS)
                for allowance, (used, wait, reset) in zip(allowances, answers, strict=True)
            )
        )

    async def close(self) -> None:
        await self._client.aclose()
        await self._otherwise.close()


def open_limiter(settings: Settings, database: Database) -> CallLimits:
    """Counts in Redis where REDIS_URL names one; connects when the first call is counted."""
    limiter: Limiter = OwnLimiter(database)
    if settings.redis_url:
        limiter = RedisLimiter(connect(settings.redis_url), limiter)
    return CallLimits(Limits(settings), limiter)
