"""Java's .properties syntax, all of it: comments, separators, continuation lines and escapes."""

_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_BLANKS = " \t\f"


def parse_properties(text: str) -> dict[str, str]:
    """Keys and values; the last of equal keys wins. Raises ValueError for a malformed \\uXXXX."""
    entries: dict[str, str] = {}
    for line in _logical_lines(text):
        key_end = _key_end(line)
        value = line[key_end:].lstrip(_BLANKS)
        if value[:1] in ("=", ":"):
            value = value[1:].lstrip(_BLANKS)
        entries[_unescape(line[:key_end])] = _unescape(value)
    return entries


def _logical_lines(text: str) -> list[str]:
    """Lines without comments and empty ones, continued lines joined."""
    lines: list[str] = []
    continued: str | None = None
    for natural in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        stripped = natural.lstrip(_BLANKS)
        if continued is None and stripped[:1] in ("", "#", "!"):
            continue
        line = (continued or "") + stripped
        if _continues(line):
            continued = line[:-1]
        else:
            lines.append(line)
            continued = None
    if continued:
        lines.append(continued)
    return lines


def _continues(line: str) -> bool:
    """Whether the line ends in an odd number of backslashes."""
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def _key_end(line: str) -> int:
    position = 0
    while position < len(line) and line[position] not in "=:" + _BLANKS:
        position += 2 if line[position] == "\\" else 1
    return min(position, len(line))


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    out: list[str] = []
    position = 0
    while position < len(text):
        if text[position] != "\\":
            out.append(text[position])
            position += 1
        elif text[position + 1 : position + 2] == "u":
            out.append(_unicode_escape(text[position : position + 6]))
            position += 6
        else:
            escaped = text[position + 1 : position + 2]
            out.append(_ESCAPES.get(escaped, escaped))
            position += 2
    joined = "".join(out)
    # pairs of surrogates, as Java writes characters beyond \uFFFF
    return joined.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _unicode_escape(escape: str) -> str:
    digits = escape[2:]
    if len(digits) != 4 or not all(digit in "0123456789abcdefABCDEF" for digit in digits):
        raise ValueError(f"malformed escape {escape!r}: \\u needs four hexadecimal digits")
    return chr(int(digits, 16))
