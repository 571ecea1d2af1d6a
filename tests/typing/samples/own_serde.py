"""A serde of one's own: any object with the two methods."""

from typing import assert_type

from ottla import Topic
from ottla.client.serdes import Headers, Serde


class Upper:
    def serialize(self, value: str | None, topic: str, headers: Headers, /) -> bytes | None:
        return None if value is None else value.upper().encode()

    def deserialize(self, data: bytes | None, topic: str, headers: Headers, /) -> str | None:
        return None if data is None else bytes(data).decode()


upper: Serde[str] = Upper()
assert_type(Topic("shouts", value=upper), Topic[bytes, str])
assert_type(Topic("shouts", value=Upper()), Topic[bytes, str])
