"""The clients for programs without asyncio: the same names, options and methods, without `await`.

    with Producer("localhost:9092") as producer, Consumer("orders", group_id="billing") as consumer:
        for record in consumer:
            producer.send_nowait("bills", record.value)

Their asyncio clients run in one thread that all clients of the process share; it is there only while one of them is
started. Any thread may use a client. After a fork a new process makes clients of its own.
"""

from ottla.client.sync.admin import Admin
from ottla.client.sync.batch import Batch
from ottla.client.sync.consumer import Consumer
from ottla.client.sync.delivery import Delivery
from ottla.client.sync.producer import Producer

__all__ = ["Admin", "Batch", "Consumer", "Delivery", "Producer"]
