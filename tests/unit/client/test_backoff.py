from ottla.client.brokers.backoff import backoff_seconds
from ottla.client.config.settings import ClientSettings

SETTINGS = ClientSettings(retry_backoff_ms=100, retry_backoff_max_ms=1000)


def test_it_doubles_up_to_its_bound_give_or_take_a_fifth() -> None:
    for attempts, middle in [(1, 0.1), (2, 0.2), (4, 0.8), (5, 1.0), (10**6, 1.0)]:
        delays = [backoff_seconds(SETTINGS, attempts) for _ in range(200)]
        assert middle * 0.8 <= min(delays) < max(delays) <= middle * 1.2
