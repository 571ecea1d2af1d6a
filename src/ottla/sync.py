"""Blocking clients: `from ottla.sync import Admin, Consumer, Producer`. See `ottla.client.sync`."""

from ottla.client.sync import Admin, Batch, Consumer, Delivery, Producer

__all__ = ["Admin", "Batch", "Consumer", "Delivery", "Producer"]
