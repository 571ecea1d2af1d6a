"""One connection to each broker, opened when it is first needed and again after it broke."""

import asyncio
from typing import TypeVar

from ottla.client.address import Address
from ottla.client.settings import ClientSettings
from ottla.wire.schema import Message

Response = TypeVar("Response", bound=Message)
