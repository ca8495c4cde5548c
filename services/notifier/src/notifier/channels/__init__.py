"""The channels that deliver notifications, behind one interface."""

from datetime import timedelta
from typing import Protocol

from contracts.notifier import NotificationRequest


class Undeliverable(Exception):
    """The notification can never be delivered; a retry does not help."""


class DeliveryUnavailable(Exception):
    """Delivery failed temporarily; a retry may succeed."""


class Channel(Protocol):
    """Delivers notifications."""

    @property
    def claim(self) -> timedelta | None:
        """How long a delivery may take, during which no other replica delivers.

        None where concurrent deliveries have one effect: the record decides which of them counts.
        """

    async def deliver(self, key: str, request: NotificationRequest) -> int | None:
        """Deliver, and return the number of the inbox entry where there is one.

        Raises:
            Undeliverable: It can never be delivered.
            DeliveryUnavailable: It cannot be delivered now.
        """
