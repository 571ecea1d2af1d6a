"""`sasl.jaas.config`: how Java clients are told a password.

org.apache.kafka.common.security.plain.PlainLoginModule required username="alice" password="secret";
"""

import re

from ottla.client.config.options import OptionError

_MODULE = re.compile(r"\s*([\w.$]+)\s+(?:required|requisite|sufficient|optional)\b", re.ASCII)
_OPTION = re.compile(
    r"""\s*([\w.]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s;"']+))""", re.ASCII
)
_ESCAPED = re.compile(r"\\(.)")
_WITH_PASSWORD = ("PlainLoginModule", "ScramLoginModule")


def credentials(text: str) -> dict[str, str | None]:
    """User name and password as this client's options. Raises OptionError when they are not there."""
    found = _MODULE.match(text)
    if found is None:
        raise OptionError(
            'sasl.jaas.config must look like `…PlainLoginModule required username="…" password="…";`'
        )
    module = found[1].rpartition(".")[2]
    if module == "OAuthBearerLoginModule":
        return {}  # its tokens come from sasl_oauth_token_provider
    if module not in _WITH_PASSWORD:
        raise OptionError(f"sasl.jaas.config: {module} is not supported; {' and '.join(_WITH_PASSWORD)} are")
    options = dict(_options(text, found.end()))
    if not {"username", "password"} <= options.keys():
        raise OptionError(f"sasl.jaas.config: {module} needs a username and a password")
    return {"sasl_plain_username": options["username"], "sasl_plain_password": options["password"]}


def _options(text: str, position: int) -> list[tuple[str, str]]:
    options = []
    while found := _OPTION.match(text, position):
        quoted = found[2] if found[2] is not None else found[3]
        options.append((found[1], _ESCAPED.sub(r"\1", quoted) if quoted is not None else found[4]))
        position = found.end()
    if text[position:].strip() != ";":
        raise OptionError(
            f"sasl.jaas.config cannot be read from {text[position : position + 10]!r} on; is the ; missing?"
        )
    return options
