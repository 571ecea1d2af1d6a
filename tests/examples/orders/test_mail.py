"""The mail server: letters arrive once, whatever their senders go through."""

import asyncio
import smtplib
from email.message import EmailMessage

from ottla_examples.orders.trial.mail import MailServer


def send(port: int, message_id: str, text: str) -> None:
    letter = EmailMessage()
    letter["Message-ID"], letter["Subject"] = f"<{message_id}>", f"About {message_id}"
    letter["From"], letter["To"] = "shop@shop.test", "buyer@shop.test"
    letter.set_content(text)
    with smtplib.SMTP("127.0.0.1", port, timeout=5) as server:
        server.send_message(letter)


async def test_a_letter_that_is_sent_twice_is_delivered_once() -> None:
    async with MailServer() as mail:
        for message_id in ("a", "a", "b"):
            await asyncio.to_thread(send, mail.port, message_id, "Dear Ada,\n.\n..dots\n")
        assert mail.letters == {"a": ["About a"], "b": ["About b"]}
        assert mail.deliveries == {"a": 2, "b": 1}


async def test_a_sender_that_is_killed_in_the_middle_leaves_no_letter() -> None:
    async with MailServer() as mail:
        reader, writer = await asyncio.open_connection("127.0.0.1", mail.port)
        writer.write(b"HELO me\r\nDATA\r\nMessage-ID: <x>\r\nSubject: half a let")
        await reader.readline()
        writer.close()
        await writer.wait_closed()
        await asyncio.to_thread(send, mail.port, "after", "still here")
        assert list(mail.letters) == ["after"]
