"""Delivers each notification once, and records the outcome."""

from collections.abc import Mapping
from datetime import UTC, datetime

import structlog

from contracts.notifier import (
    ChannelName,
    Notification,
    NotificationRequest,
    NotificationStatus,
)
from contracts.problems import ProblemType
from notifier.channels import Channel, DeliveryUnavailable, Undeliverable
from notifier.domain import NotificationRecord
from notifier.store import Records
from servicekit.locks import KeyedLocks
from servicekit.problems import ProblemError
from servicekit.state import until_written

log = structlog.get_logger(__name__)


class Delivery:
    """Delivers notifications through their channels."""

    def __init__(self, records: Records, channels: Mapping[ChannelName, Channel]) -> None:
        """Deliver through `channels`, and store the records of it."""
        self._records = records
        self._channels = channels
        self._locks = KeyedLocks()

    async def notify(self, key: str, request: NotificationRequest) -> Notification:
        """Deliver a notification, or return the one that the key already delivered.

        Raises:
            ProblemError: The key was used with another request (409), the notification can never
                be delivered (422), or not now (503).
        """
        async with self._locks(key):
            return await until_written(
                f"notification {key}", lambda: self._notify_once(key, request)
            )

    async def notification(self, key: str) -> Notification:
        """Return a notification and its delivery.

        Raises:
            ProblemError: There is none under the key; 404.
        """
        record = (await self._records.notification(key)).value
        if record is None:
            raise ProblemError(ProblemType.NOT_FOUND, f"Notification {key} not found")
        return record.to_api(key)

    async def _notify_once(self, key: str, request: NotificationRequest) -> Notification:
        read = await self._records.notification(key)
        record = read.value
        if record is not None:
            if record.request != request:
                raise ProblemError(
                    ProblemType.KEY_REUSED, f"Notification {key} was sent by a different request"
                )
            if record.status is NotificationStatus.DELIVERED:
                return record.to_api(key)
            if record.status is NotificationStatus.FAILED:
                raise ProblemError(ProblemType.UNDELIVERABLE, record.error or "")
        channel = self._channels[request.channel]
        return await self._attempt(key, request, channel, record, read.etag)

    async def _attempt(
        self,
        key: str,
        request: NotificationRequest,
        channel: Channel,
        record: NotificationRecord | None,
        etag: str | None,
    ) -> Notification:
        now = datetime.now(UTC)
        if record is None:
            record = NotificationRecord(
                request=request, status=NotificationStatus.PENDING, created_at=now
            )
        if channel.claim is None:
            record = record.claimed(until=now)
        else:
            if record.claimed_until is not None and record.claimed_until > now:
                left = (record.claimed_until - now).total_seconds()
                raise ProblemError(
                    ProblemType.DELIVERY_UNAVAILABLE,
                    "Another delivery of this notification is in progress",
                    retry_after=int(left) + 1,
                )
            record = record.claimed(until=now + channel.claim)
            await self._records.put_notification(key, record, etag)
            etag = (await self._records.notification(key)).etag
        try:
            number = await channel.deliver(key, request)
        except Undeliverable as error:
            await self._record_failure(key, record.failed(str(error), permanent=True), etag)
            raise ProblemError(ProblemType.UNDELIVERABLE, str(error)) from error
        except DeliveryUnavailable as error:
            await self._record_failure(key, record.failed(str(error), permanent=False), etag)
            raise ProblemError(
                ProblemType.DELIVERY_UNAVAILABLE, str(error), retry_after=2
            ) from error
        record = record.delivered(datetime.now(UTC), number)
        await self._records.put_notification(key, record, etag)
        return record.to_api(key)

    async def _record_failure(self, key: str, record: NotificationRecord, etag: str | None) -> None:
        log.warning("delivery failed", key=key, channel=record.request.channel)
        # Not at a level that is written in production: mail servers quote the address.
        log.debug("delivery failed", key=key, error=record.error)
        await self._records.put_notification(key, record, etag)
