"""What a producer has done so far."""

from dataclasses import dataclass


@dataclass(slots=True)
class ProducerCounters:
    """Sums since the start. Retries, splits and requests say how hard the cluster makes it."""

    records_delivered: int = 0
    records_failed: int = 0
    batches_delivered: int = 0
    batches_retried: int = 0
    batches_split: int = 0
    bytes_delivered: int = 0
    """Before compression."""
    requests: int = 0
