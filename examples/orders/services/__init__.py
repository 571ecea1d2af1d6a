"""The services, each by itself: none imports another."""

from typing import Final

from ottla_examples.orders.service import Service
from ottla_examples.orders.services.catalogue import Catalogue
from ottla_examples.orders.services.customers import Customers
from ottla_examples.orders.services.email import Email
from ottla_examples.orders.services.fraud import Fraud
from ottla_examples.orders.services.inventory import Inventory
from ottla_examples.orders.services.orders import Orders
from ottla_examples.orders.services.payments import Payments
from ottla_examples.orders.services.repricing import Repricing
from ottla_examples.orders.services.shipping import Shipping

SERVICES: Final[dict[str, type[Service]]] = {
    service.name: service
    for service in (Orders, Customers, Shipping, Inventory, Payments, Fraud, Email, Catalogue, Repricing)
}
