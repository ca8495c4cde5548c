"""The composition root of the notifier: builds what its routes use."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta

from contracts.notifier import ChannelName
from notifier.channels import Channel
from notifier.channels.email import Email
from notifier.channels.inbox import Inbox
from notifier.delivery import Delivery
from notifier.settings import Settings
from notifier.store import Records
from servicekit.opening import open_sidecar, open_state_store
from servicekit.readiness import Readiness
from servicekit.state import ExpiringStore, StateStore


@dataclass(frozen=True)
class Notifier:
    """Delivery and inboxes, with their state in one store."""

    delivery: Delivery
    inbox: Inbox

    @classmethod
    def create(cls, store: StateStore, settings: Settings) -> "Notifier":
        """Return a notifier with its state in `store`."""
        kept = timedelta(days=settings.inbox_kept_days)
        records = Records(ExpiringStore(store, kept))
        inbox = Inbox(records, kept)
        channels: dict[ChannelName, Channel] = {
            ChannelName.INBOX: inbox,
            ChannelName.EMAIL: Email(settings),
        }
        return cls(Delivery(records, channels), inbox)


async def open_notifier(
    stack: AsyncExitStack, settings: Settings, readiness: Readiness
) -> Notifier:
    """Open the notifier over the sidecar's state store."""
    await open_sidecar(stack, settings, readiness)
    return Notifier.create(await open_state_store(stack, settings), settings)
