"""E-mail over SMTP."""

import asyncio
import contextlib
from datetime import timedelta

import aiosmtplib

from contracts.notifier import NotificationRequest
from notifier.addresses import address_of, is_address
from notifier.channels import DeliveryUnavailable, Undeliverable
from notifier.channels.mail import write_mail
from notifier.settings import Settings

# RFC 5321, 4.2.1: 5yz is a permanent failure, 4yz a transient one.
PERMANENT = range(500, 600)
# After its last moment a delivery is over for longer than two replicas' clocks differ.
CLOCK_SKEW = timedelta(seconds=10)
FAREWELL_SECONDS = 1.0


class Email:
    """Delivers to a mail server.

    A crash between the server's reply and the record of it leads to a second message, with the
    same Message-ID, by which mail systems recognise a duplicate. A server that is slow does not:
    the whole of a delivery has a time-out, which ends before another attempt may begin.
    """

    def __init__(self, settings: Settings) -> None:
        """Send by the mail server in `settings`."""
        self._settings = settings
        self.claim = timedelta(seconds=settings.smtp_delivery_seconds) + CLOCK_SKEW

    async def deliver(self, key: str, request: NotificationRequest) -> None:
        """Send the notification, and return once the server has accepted it."""
        settings = self._settings
        if settings.smtp_host is None:
            raise Undeliverable("no mail server is configured (SMTP_HOST)")
        if not is_address(request.recipient):
            raise Undeliverable(f"{request.recipient} is not an e-mail address")
        content = write_mail(key, request, settings.email_sender)
        client = aiosmtplib.SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_username,
            password=settings.smtp_password,
            use_tls=settings.smtp_security == "tls",
            start_tls=settings.smtp_security == "starttls",
            timeout=settings.smtp_timeout_seconds,
        )
        try:
            await self._send(client, request.recipient, content)
        except aiosmtplib.SMTPAuthenticationError as error:
            # The settings are wrong, not the message: it is sent once they are corrected.
            raise DeliveryUnavailable(str(error)) from error
        except aiosmtplib.SMTPRecipientsRefused as error:
            if all(refusal.code in PERMANENT for refusal in error.recipients):
                raise Undeliverable(str(error)) from error
            raise DeliveryUnavailable(str(error)) from error
        except aiosmtplib.SMTPResponseException as error:
            if error.code in PERMANENT:
                raise Undeliverable(str(error)) from error
            raise DeliveryUnavailable(str(error)) from error
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            # A ValueError is of the settings, such as a host that is no name.
            raise DeliveryUnavailable(str(error)) from error
        finally:
            client.close()

    async def _send(self, client: aiosmtplib.SMTP, recipient: str, content: bytes) -> None:
        sender = address_of(self._settings.email_sender)
        seconds = self._settings.smtp_delivery_seconds
        try:
            # aiosmtplib's own time-out is that of each reply, of which a delivery takes eight.
            async with asyncio.timeout(seconds):
                await client.connect()
                await client.sendmail(sender, [recipient], content)
        except TimeoutError as error:
            message = str(error) or f"The mail server took longer than {seconds:g} s"
            raise DeliveryUnavailable(message) from error
        # It is accepted, whatever becomes of the connection.
        with contextlib.suppress(aiosmtplib.SMTPException, OSError):
            async with asyncio.timeout(FAREWELL_SECONDS):
                await client.quit()
