"""Where a client's traces are hooked in. Nothing of OpenTelemetry is imported unless `telemetry` asks for it."""

from typing import TYPE_CHECKING

from ottla.client.config.extras import require_extra
from ottla.client.config.settings import ConsumerSettings, ProducerSettings

if TYPE_CHECKING:
    from ottla.client.telemetry.telemetry import ConsumerTracing, ProducerTracing


def producer_tracing(settings: ProducerSettings) -> "ProducerTracing | None":
    """None when it is off. Raises ImportError with the way out when the library is missing."""
    if settings.telemetry is None:
        return None
    require_extra("opentelemetry.trace", "opentelemetry")
    from ottla.client.telemetry.telemetry import ProducerTracing

    return ProducerTracing(settings)


def consumer_tracing(settings: ConsumerSettings) -> "ConsumerTracing | None":
    """None when it is off. Raises ImportError with the way out when the library is missing."""
    if settings.telemetry is None:
        return None
    require_extra("opentelemetry.trace", "opentelemetry")
    from ottla.client.telemetry.telemetry import ConsumerTracing

    return ConsumerTracing(settings)
