"""What this floor raises.

ValueError
└─ CorruptRecordError      bytes that are not a well-formed batch (Kafka's CORRUPT_MESSAGE)
   ├─ UnsupportedMagicError     a batch, but not of format v2 (Kafka answers INVALID_RECORD)
   ├─ UnsupportedCodecError     codec bits that name no codec
   └─ RecordsTooLargeError      more bytes after decompression than the reader allows
"""


class CorruptRecordError(ValueError):
    """The bytes are not a well-formed record batch; the text says what is wrong and where."""


class UnsupportedMagicError(CorruptRecordError):
    """The batch is of another format than v2. `.magic` is what its byte 16 says."""

    def __init__(self, magic: int) -> None:
        super().__init__(f"record batch has magic {magic}; only format v2 (magic 2) is supported")
        self.magic = magic


class UnsupportedCodecError(CorruptRecordError):
    """The three codec bits of a batch hold a number that names no codec."""


class RecordsTooLargeError(CorruptRecordError):
    """Decompressed, the records would be larger than the reader's limit."""
