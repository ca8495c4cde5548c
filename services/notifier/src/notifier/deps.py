"""FastAPI dependencies: the parts of the notifier that its routes use."""

from typing import Annotated

from fastapi import Depends

from notifier.bootstrap import Notifier
from notifier.channels.inbox import Inbox
from notifier.delivery import Delivery
from servicekit.startup import opened

NotifierDep = Annotated[Notifier, Depends(opened(Notifier))]


async def get_delivery(notifier: NotifierDep) -> Delivery:
    """Return what delivers notifications."""
    return notifier.delivery


async def get_inbox(notifier: NotifierDep) -> Inbox:
    """Return the inboxes."""
    return notifier.inbox


DeliveryDep = Annotated[Delivery, Depends(get_delivery)]
InboxDep = Annotated[Inbox, Depends(get_inbox)]
