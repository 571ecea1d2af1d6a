"""What stands before every request and response, behind the frame's size.

Two historic exceptions: the client id keeps its old two-byte length in flexible versions too, so that a
broker can read the header of a version it does not know; and ApiVersions' response header is never flexible,
so that a client can read the answer of a broker that does not know its version.
"""

from __future__ import annotations

from struct import Struct
from struct import error as struct_error

from ottla.wire.registry import Api, all_apis
from ottla.wire.runtime import read_unknown
from ottla.wire.types import Buffer, WireError

_REQUEST = Struct(">hhih")  # api key, version, correlation id, length of the client id
_RESPONSE = Struct(">i")

_NEVER = 0x8000  # no int16 is as large
_FLEXIBLE_FROM = {api.key: _NEVER if api.flexible_from is None else api.flexible_from for api in all_apis()}


class RequestHeader:
    """Who asks what, in which version, under which number. `client_id` may be None."""

    __slots__ = ("api_key", "api_version", "client_id", "correlation_id")

    def __init__(self, api_key: int, api_version: int, correlation_id: int, client_id: str | None) -> None:
        self.api_key = api_key
        self.api_version = api_version
        self.correlation_id = correlation_id
        self.client_id = client_id

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RequestHeader):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"RequestHeader({', '.join(f'{name}={getattr(self, name)!r}' for name in self.__slots__)})"


def decode_request_header(buffer: Buffer) -> tuple[RequestHeader, int]:
    """The header, and where the body starts. Raises WireError.

    For an API that is not in the registry the position is the one behind the client id: nobody can tell
    whether a tagged section follows, and no body of such a request can be read anyway.
    """
    view = memoryview(buffer)
    try:
        key, version, correlation_id, length = _REQUEST.unpack_from(view)
        position = _REQUEST.size + max(length, 0)
        client_id = None if length < 0 else str(view[_REQUEST.size : position], "utf-8")
        if position > len(view):
            raise WireError(f"request header: a client id of {length} bytes in a frame of {len(view)}")
        if version >= _FLEXIBLE_FROM.get(key, _NEVER):
            position = _skip_tags(view, position)
    except (struct_error, IndexError, UnicodeDecodeError) as error:
        raise WireError(f"request header: {error}") from error
    return RequestHeader(key, version, correlation_id, client_id), position


def encode_request_header(api: Api, version: int, correlation_id: int, client_id: str | None) -> bytes:
    """The header of a request. Raises WireError when a value does not fit."""
    try:
        text = b"" if client_id is None else client_id.encode()
        length = -1 if client_id is None else len(text)
        fixed = _REQUEST.pack(api.key, version, correlation_id, length)
    except (struct_error, UnicodeEncodeError) as error:
        raise WireError(f"request header: {error}") from error
    return fixed + text + (b"\0" if api.request_header_version(version) == 2 else b"")


def encode_response_header(api: Api, version: int, correlation_id: int) -> bytes:
    """The header of the response to a request of this version. Raises WireError when the id does not fit."""
    try:
        return _RESPONSE.pack(correlation_id) + (b"\0" if api.response_header_version(version) == 1 else b"")
    except struct_error as error:
        raise WireError(f"response header: {error}") from error


def decode_response_header(api: Api, version: int, buffer: Buffer) -> tuple[int, int]:
    """The correlation id, and where the body starts. Raises WireError."""
    view = memoryview(buffer)
    try:
        (correlation_id,) = _RESPONSE.unpack_from(view)
        position = _RESPONSE.size
        if api.response_header_version(version) == 1:
            position = _skip_tags(view, position)
    except (struct_error, IndexError) as error:
        raise WireError(f"response header: {error}") from error
    return correlation_id, position


def _skip_tags(view: memoryview, position: int) -> int:
    """No tagged field of a header means anything yet."""
    count = view[position]
    position += 1
    return read_unknown(view, position, count, len(view))[1] if count else position
