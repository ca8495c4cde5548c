"""The ways to tell somebody, behind one small interface."""

from datetime import timedelta
from typing import Protocol

from contracts.notifier import NotificationRequest


class Undeliverable(Exception):
    """The notification can never be delivered as it is."""


class DeliveryUnavailable(Exception):
    """Delivery failed for now; trying again makes sense."""


class Channel(Protocol):
    """Delivers notifications."""

    @property
    def claim(self) -> timedelta | None:
        """How long one delivery may take, where two at once would be two effects.

        None where the record alone decides which of them counts.
        """

    async def deliver(self, key: str, request: NotificationRequest) -> int | None:
        """Deliver, and return the number of the inbox entry where there is one.

        Raises:
            Undeliverable: It never will be.
            DeliveryUnavailable: Not now.
        """
