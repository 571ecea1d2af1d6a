"""Java's key stores and trust stores, as far as they are PEM (KIP-651): files or the text itself."""

from collections.abc import Mapping
from typing import Any

from ottla.client.config.options import OptionError

_PEM_FIELDS = {
    "ssl.truststore.location": "ssl_cafile",
    "ssl.truststore.certificates": "ssl_cafile",
    "ssl.keystore.location": "ssl_certfile",
    "ssl.keystore.certificate.chain": "ssl_certfile",
    "ssl.keystore.key": "ssl_keyfile",
}
_TYPES = {"ssl.truststore.location": "ssl.truststore.type", "ssl.keystore.location": "ssl.keystore.type"}
_READ = frozenset({*_PEM_FIELDS, *_TYPES.values(), "ssl.truststore.password", "ssl.keystore.password"})


def key_and_trust(config: Mapping[str, object]) -> tuple[dict[str, object], dict[str, Any]]:
    """What is left of the config without the stores, and the options that the stores make.

    Raises OptionError for a store in one of Java's own formats, with the command that converts it.
    """
    options: dict[str, Any] = {}
    for name in _PEM_FIELDS.keys() & config.keys():
        if name in _TYPES:
            _check_is_pem(name, config)
        options[_PEM_FIELDS[name]] = config[name]
    return {name: value for name, value in config.items() if name not in _READ}, options


def _check_is_pem(name: str, config: Mapping[str, object]) -> None:
    kind = str(config.get(_TYPES[name], "JKS")).upper()
    if kind != "PEM":
        convert = "keytool -importkeystore -deststoretype PKCS12 …, then openssl pkcs12 -in … -out ….pem"
        raise OptionError(
            f"{name}: a {kind} store is Java's own format; convert it ({convert}) and set {_TYPES[name]}=PEM"
        )
