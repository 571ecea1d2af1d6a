"""How long to wait before the next attempt: doubling, bounded, and a little different for everyone."""

from random import SystemRandom

from ottla.client.config.settings import ClientSettings

_JITTER = 0.2
_random = SystemRandom()


def backoff_seconds(settings: ClientSettings, attempts: int) -> float:
    """Seconds to wait after `attempts` failed ones: `retry.backoff.ms` doubled each time, ±20 % (KIP-580)."""
    delay_ms = min(settings.retry_backoff_ms << min(attempts - 1, 20), settings.retry_backoff_max_ms)
    return delay_ms / 1000 * _random.uniform(1 - _JITTER, 1 + _JITTER)
