"""The composition root: what the notifier's routes use, put together."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

from contracts.notifier import ChannelName
from notifier.channels import Channel
from notifier.channels.email import Email
from notifier.channels.inbox import Inbox
from notifier.delivery import Delivery
from notifier.settings import Settings
from notifier.store import Records
from servicekit.opening import open_sidecar, open_state_store
from servicekit.readiness import Readiness
from servicekit.state import StateStore


@dataclass(frozen=True)
class Notifier:
    """Delivery and the inboxes over one store."""

    delivery: Delivery
    inbox: Inbox

    @classmethod
    def over(cls, store: StateStore, settings: Settings) -> "Notifier":
        """Return a notifier that keeps everything in `store`."""
        records = Records(store)
        inbox = Inbox(records)
        channels: dict[ChannelName, Channel] = {
            ChannelName.INBOX: inbox,
            ChannelName.EMAIL: Email(settings),
        }
        return cls(Delivery(records, channels), inbox)


async def open_notifier(
    stack: AsyncExitStack, settings: Settings, readiness: Readiness
) -> Notifier:
    """Open the notifier over the sidecar's store."""
    await open_sidecar(stack, settings, readiness)
    return Notifier.over(await open_state_store(stack, settings), settings)
