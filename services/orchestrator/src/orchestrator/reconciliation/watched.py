"""What the reconciler remembers of an instance between two rounds. No I/O."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from orchestrator.reconciliation.progress import LateKind, Outlook
from orchestrator.toolkit.actor_reminders import LostReminder


@dataclass(slots=True)
class Watched:
    """An instance that has not ended.

    Attributes:
        revision: When it had changed last, as it was read.
        look_at: When it is read again, unless it changes before; None for never.
        outlook: What it waits for.
        tries: How often it was woken since it made progress last.
        next_try: When it may be woken again.
        reminder: The reminder of its actor that was lost last, if any; it stays when that fires.
    """

    revision: datetime
    look_at: datetime | None
    outlook: Outlook = field(default_factory=Outlook)
    tries: int = 0
    next_try: datetime | None = None
    reminder: LostReminder | None = None

    def changed(self, revision: datetime, look_at: datetime) -> None:
        """Note that the instance has changed, and is to be read at a time."""
        self.revision, self.look_at = revision, look_at

    def seen(self, outlook: Outlook, now: datetime, pause: timedelta) -> bool:
        """Note what the instance waits for; return whether it made progress by being woken.

        Args:
            outlook: What it waits for.
            now: The current time.
            pause: After which something late is looked at again.
        """
        woken = self.tries > 0
        self.outlook = outlook
        due = _lost_reminder(outlook)
        if due is not None and (self.reminder is None or self.reminder.due != due):
            self.reminder = LostReminder(due)
        if outlook.late:
            self.look_at = now + pause
            return False
        self.look_at, self.tries, self.next_try = outlook.look_again_at, 0, None
        return woken

    def may_be_woken(self, now: datetime, most_tries: int) -> bool:
        """Return whether something is late, and it is time to try."""
        if not self.outlook.late or self.tries >= most_tries:
            return False
        return self.next_try is None or self.next_try <= now

    def woken(self, now: datetime, first_pause: timedelta, longest_pause: timedelta) -> None:
        """Note that the instance was woken: the pause until the next try doubles each time."""
        if (due := _lost_reminder(self.outlook)) is not None:
            self.reminder = LostReminder(due, registered_at=now)
        self.tries += 1
        self.next_try = now + min(first_pause * 2 ** min(self.tries - 1, 16), longest_pause)


def _lost_reminder(outlook: Outlook) -> datetime | None:
    """Return when the lost reminder of its actor was due, if there is one."""
    lost = (late.since for late in outlook.late if late.kind is LateKind.REMINDER)
    return next(lost, None)
