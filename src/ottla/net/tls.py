"""TLS for a client: a context from files or PEM texts, and words for what goes wrong."""

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from ottla.core.errors import AuthenticationError, ErrorCode

_HOSTNAME_MISMATCH = (62, 64)  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
_PEM = "-----BEGIN"


class TlsError(AuthenticationError):
    """The two ends do not trust each other, or one of them does no TLS. The text says what to do."""

    def __init__(self, address: str, problem: str) -> None:
        super().__init__(ErrorCode.NETWORK_EXCEPTION, f"{address}: {problem}")
        self.address = address


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """Paths, or the PEM texts themselves."""

    cafile: str | None = None
    certfile: str | None = None
    keyfile: str | None = None
    password: str | None = None
    check_hostname: bool = True


def client_context(files: TlsFiles) -> ssl.SSLContext:
    """A context that verifies the broker. Raises ValueError naming the file that cannot be used."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)
    context.check_hostname = files.check_hostname
    if files.cafile is not None:
        _load_authorities(context, files.cafile)
    if files.certfile is not None:
        _load_own(context, files.certfile, files)
    return context


def _load_authorities(context: ssl.SSLContext, cafile: str) -> None:
    try:
        if _PEM in cafile:
            context.load_verify_locations(cadata=cafile)
        else:
            context.load_verify_locations(cafile)
    except (OSError, ssl.SSLError) as error:
        raise ValueError(f"ssl_cafile {_shown(cafile)} cannot be used: {_reason(error)}") from error


def _load_own(context: ssl.SSLContext, certfile: str, files: TlsFiles) -> None:
    with ExitStack() as stack:
        chain = stack.enter_context(_as_file(certfile))
        key = stack.enter_context(_as_file(files.keyfile)) if files.keyfile is not None else None
        try:
            # A password that is not there must not make OpenSSL ask on the terminal.
            context.load_cert_chain(chain, key, files.password or "")
        except (OSError, ssl.SSLError) as error:
            names = _shown(certfile) + ("" if files.keyfile is None else f" with {_shown(files.keyfile)}")
            advice = "is ssl_password right, and do certificate and key belong together?"
            raise ValueError(f"ssl_certfile {names} cannot be used: {_reason(error)}; {advice}") from error


@contextmanager
def _as_file(text_or_path: str) -> Iterator[str]:
    """Python's ssl reads keys from files only: a text becomes one that only this user may read, for a moment."""
    if _PEM not in text_or_path:
        yield text_or_path
        return
    handle, path = tempfile.mkstemp(suffix=".pem")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text_or_path)
        yield path
    finally:
        os.unlink(path)


def _shown(text_or_path: str) -> str:
    return "(a PEM text)" if _PEM in text_or_path else text_or_path


def _reason(error: Exception) -> str:
    text = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
    return str(text).lower().replace("_", " ")


def explained(error: Exception, host: str, address: str) -> TlsError:
    """What a failed handshake means to the person who wrote the options."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return TlsError(address, _distrust(error, host))
    reason = getattr(error, "reason", None) or ""
    if reason in ("WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE"):
        fix = "use its TLS listener, or security_protocol PLAINTEXT or SASL_PLAINTEXT"
        return TlsError(address, f"the listener does not speak TLS; {fix}")
    if "ALERT" in reason or "CERTIFICATE" in reason:
        fix = "does it want a client certificate (ssl_certfile, ssl_keyfile) that its own authority signed?"
        return TlsError(address, f"the broker refused the TLS handshake ({_reason(error)}); {fix}")
    detail = f" ({_reason(error)})" if reason else ""
    fix = "is that a TLS listener? If not, security_protocol is PLAINTEXT or SASL_PLAINTEXT"
    return TlsError(address, f"the broker ended the TLS handshake{detail}; {fix}")


def _distrust(error: ssl.SSLCertVerificationError, host: str) -> str:
    if error.verify_code in _HOSTNAME_MISMATCH:
        fix = "connect by a name in it, or set ssl_check_hostname=False"
        return f"the broker's certificate is not for {host} ({error.verify_message.rstrip('.')}); {fix}"
    fix = "ssl_cafile must name the authority that signed it"
    return f"the broker's certificate is not trusted ({error.verify_message}); {fix}"
