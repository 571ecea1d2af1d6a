"""Questions to a schema registry over HTTP: retries, failover, and errors that say what to do.

The one place that imports httpx2. Answers are cached above, so questions are rare: each has a connection of its
own, and a registry's client belongs to no event loop and needs no closing.
"""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from random import SystemRandom
from typing import TYPE_CHECKING, Any, TypedDict, Unpack
from urllib.parse import quote, urlsplit, urlunsplit

from ottla.client.config.extras import require_extra
from ottla.core.errors import ErrorCode, KafkaError

if TYPE_CHECKING:
    import httpx2

_CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"
_RETRIABLE = frozenset((408, 429, 500, 502, 503, 504))
_JITTER = 0.2
_ADVICE = {
    401: "give the registry's user and password (basic_auth) or a bearer_token",
    403: "the registry's user may not do this",
    404: "register the schema first, or let auto_register do it; look at the subject's name",
    409: "change the schema so that it is compatible, or the subject's compatibility level",
    422: "the schema is not one that the registry can read",
}
_CODES = {
    401: ErrorCode.SASL_AUTHENTICATION_FAILED,
    403: ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
    404: ErrorCode.RESOURCE_NOT_FOUND,
    409: ErrorCode.POLICY_VIOLATION,
}
_random = SystemRandom()


class RegistryOptions(TypedDict, total=False):
    """How a registry is asked; each has a default."""

    basic_auth: tuple[str, str]
    """User and password; those in a URL serve as well."""
    bearer_token: str
    ssl_context: ssl.SSLContext
    """For https; by default the system's certificate authorities are trusted."""
    timeout_ms: int
    """Of one attempt, 10,000 by default."""
    retries: int
    """Further attempts after the first, 3 by default; each goes to the next URL, where there are several."""
    retry_backoff_ms: int
    """Before the second attempt, 100 by default; doubled each time, up to `retry_backoff_max_ms`."""
    retry_backoff_max_ms: int
    """1,000 by default."""


class SchemaRegistryError(KafkaError):
    """The registry refused, or could not be reached (`status` 0, retriable)."""

    def __init__(self, message: str, *, status: int = 0, error_code: int = 0) -> None:
        known = (
            ErrorCode.NETWORK_EXCEPTION if status in _RETRIABLE or not status else ErrorCode.INVALID_REQUEST
        )
        super().__init__(_CODES.get(status, known), message, advice=_ADVICE.get(status, ""))
        self.status = status
        """Of HTTP."""
        self.error_code = error_code
        """The registry's own, such as 40401 (no such subject); 0 for none."""


class Fields(dict[str, Any]):
    """An answer's object; what it does not have is asked for in vain, and the error says so."""

    def __missing__(self, name: str) -> object:
        raise SchemaRegistryError(
            f"the schema registry's answer has no {name!r}: is this the URL of a schema registry?", status=200
        )


class RegistryHttp:
    """Asks one of the URLs, and the next one when it does not answer."""

    def __init__(self, urls: str | Sequence[str], **options: Unpack[RegistryOptions]) -> None:
        unknown = sorted(set(options) - set(RegistryOptions.__annotations__))
        if unknown:
            raise TypeError(f"no option of a schema registry: {', '.join(unknown)}")
        given = urls.split(",") if isinstance(urls, str) else urls
        self._urls = [_checked(url.strip().rstrip("/")) for url in given]
        self._options = options
        self._tls: ssl.SSLContext | None = options.get("ssl_context")
        self._next = 0

    def __repr__(self) -> str:
        return ",".join(_without_password(url) for url in self._urls)

    async def ask(
        self, method: str, path: Sequence[str], query: Mapping[str, str] | None = None, body: object = None
    ) -> Any:  # noqa: ANN401 - JSON
        """The answer's JSON. Raises SchemaRegistryError."""
        retries = self._options.get("retries", 3)
        for attempt in range(retries + 1):
            url = self._urls[self._next % len(self._urls)]
            try:
                return await self._attempt(
                    method, url, "/".join(quote(part, safe="") for part in path), query, body
                )
            except SchemaRegistryError as error:
                if not error.retriable or attempt == retries:
                    raise
            self._next += 1
            await asyncio.sleep(self._backoff_seconds(attempt))
        raise AssertionError("the last attempt returns or raises")

    async def _attempt(
        self, method: str, url: str, path: str, query: Mapping[str, str] | None, body: object
    ) -> Any:  # noqa: ANN401 - JSON
        import httpx2

        try:
            async with self._client(url) as client:
                answer = await client.request(method, f"{url}/{path}", params=query, json=body)
        except httpx2.HTTPError as error:
            where = _without_password(url)
            what = str(error) or type(error).__name__
            raise SchemaRegistryError(f"the schema registry {where} cannot be reached: {what}") from error
        return _content(answer, f"{method} /{path}")

    def _client(self, url: str) -> "httpx2.AsyncClient":
        import httpx2

        headers = {"Accept": _CONTENT_TYPE, "Content-Type": _CONTENT_TYPE}
        if token := self._options.get("bearer_token"):
            headers["Authorization"] = f"Bearer {token}"
        return httpx2.AsyncClient(
            auth=self._options.get("basic_auth"),
            headers=headers,
            timeout=self._options.get("timeout_ms", 10_000) / 1000,
            verify=self._context(url),
        )

    def _context(self, url: str) -> ssl.SSLContext:
        if self._tls is None and url.startswith("https:"):
            self._tls = ssl.create_default_context()
        return self._tls or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # for http: made, but not used

    def _backoff_seconds(self, attempt: int) -> float:
        first, most = (
            self._options.get("retry_backoff_ms", 100),
            self._options.get("retry_backoff_max_ms", 1000),
        )
        return min(first << min(attempt, 20), most) / 1000 * _random.uniform(1 - _JITTER, 1 + _JITTER)


def _checked(url: str) -> str:
    require_extra("httpx2", "registry")
    if urlsplit(url).scheme not in ("http", "https"):
        raise ValueError(f"a schema registry's URL begins with http:// or https://, this one is {url!r}")
    return url


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _content(answer: "httpx2.Response", question: str) -> Any:  # noqa: ANN401 - JSON
    try:
        content = answer.json(object_hook=Fields)
    except ValueError:
        content = None
    if answer.is_success and content is not None:
        return content
    said = content if isinstance(content, dict) else {}
    text = said.get("message") or ("what is no JSON" if answer.is_success else answer.reason_phrase)
    raise SchemaRegistryError(
        f"the schema registry answered {question} with {answer.status_code}: {text}",
        status=answer.status_code,
        error_code=int(said.get("error_code") or 0),
    )
