"""A mail server that keeps what it gets: just enough SMTP (RFC 5321) for one letter at a time."""

import asyncio
from collections import Counter
from email import message_from_bytes
from types import TracebackType
from typing import Final, Self

_ANSWERS: Final = {
    b"HELO": b"250 hello",
    b"EHLO": b"250 hello",
    b"MAIL": b"250 ok",
    b"RCPT": b"250 ok",
    b"RSET": b"250 ok",
    b"NOOP": b"250 ok",
    b"DATA": b"354 go on, until a dot",
    b"QUIT": b"221 bye",
}


class MailServer:
    """`async with MailServer() as mail:` listens on a free port."""

    def __init__(self) -> None:
        self.letters: dict[str, list[str]] = {}
        """Message-ID → subject. The same letter with the same id is not delivered again; another one would be."""
        self.deliveries: Counter[str] = Counter()
        """Message-ID → how often it came."""
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        assert self._server is not None, "the server was not started"
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client, until it leaves or breaks off."""
        try:
            writer.write(b"220 shop.test\r\n")
            while line := await reader.readline():
                command = line[:4].upper()
                writer.write(_ANSWERS.get(command, b"502 unknown") + b"\r\n")
                if command == b"DATA":
                    self._keep(await reader.readuntil(b"\r\n.\r\n"))
                    writer.write(b"250 delivered\r\n")
                if command == b"QUIT":
                    break
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the sender was killed; it will come again
        finally:
            writer.close()

    def _keep(self, data: bytes) -> None:
        letter = message_from_bytes(data.replace(b"\r\n..", b"\r\n."))
        message_id = str(letter["Message-ID"]).strip("<>")
        self.deliveries[message_id] += 1
        delivered = self.letters.setdefault(message_id, [])
        if letter["Subject"] not in delivered:
            delivered.append(str(letter["Subject"]))
