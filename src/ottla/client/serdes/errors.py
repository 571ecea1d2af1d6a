"""The one exception of serdes."""

from ottla.core.errors import ErrorCode, RefusedError


class SerializationError(RefusedError):
    """A value that cannot become bytes, or bytes that cannot become a value.

    The text names topic, field and type and says what to do; `topic` and `field` are attributes as well.
    """

    def __init__(self, message: str, *, topic: str = "", field: str = "", advice: str = "") -> None:
        super().__init__(ErrorCode.INVALID_RECORD, message, advice=advice)
        self.topic = topic
        self.field = field
