"""The actors: what holds state of its own, and wakes itself by reminders."""
