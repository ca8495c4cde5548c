"""The customers' accounts: a protocol, and an adapter that keeps them in the state store."""

from enum import StrEnum
from typing import Protocol

from pydantic import AwareDatetime, BaseModel

from contracts.fields import RequestId
from servicekit.state import PERMANENT, StateStore


class AccountStatus(StrEnum):
    """The status of an account."""

    OPEN = "open"
    CLOSED = "closed"


class Account(BaseModel):
    """A customer's account; a closed one has no personal data."""

    customer_id: RequestId
    status: AccountStatus
    name: str | None = None
    email: str | None = None
    opened_at: AwareDatetime | None = None
    closed_at: AwareDatetime | None = None


class AccountRefused(Exception):
    """The account cannot be opened: a retry would be refused as well."""


class Accounts(Protocol):
    """A system of accounts; each call can be repeated under its idempotency key."""

    async def open(
        self, key: str, customer_id: str, name: str, email: str, now: AwareDatetime
    ) -> Account:
        """Open an account, or return the one that was opened under the key.

        Raises:
            AccountRefused: It is open under another key, or the key was closed.
        """

    async def close(self, key: str, customer_id: str, now: AwareDatetime) -> None:
        """Close what was opened under the key; nothing can be opened under it any more."""

    async def find(self, customer_id: str) -> Account | None:
        """Return a customer's account, open or closed."""


class AccountRecord(BaseModel):
    """An account, and the keys that concern it: one value, so that they change together.

    A customer gets one more closed key by each onboarding that failed this late: few.
    """

    account: Account
    key: str
    closed_keys: frozenset[str] = frozenset()


class StoredAccounts:
    """Accounts in the state store; they belong to the customers, and stay."""

    def __init__(self, store: StateStore) -> None:
        """Keep the accounts in `store`."""
        self._store = store

    async def open(
        self, key: str, customer_id: str, name: str, email: str, now: AwareDatetime
    ) -> Account:
        """Open an account, or return the one that was opened under the key."""

        def opened(record: AccountRecord | None) -> AccountRecord:
            if record is not None and key in record.closed_keys:
                raise AccountRefused(f"Account {customer_id} was closed under this key")
            if record is not None and record.account.status is AccountStatus.OPEN:
                if record.key == key:
                    return record
                raise AccountRefused(f"Customer {customer_id} has an account already")
            account = Account(
                customer_id=customer_id,
                status=AccountStatus.OPEN,
                name=name,
                email=email,
                opened_at=now,
            )
            return AccountRecord(account=account, key=key, closed_keys=_closed_keys(record))

        return (
            await self._store.update(_store_key(customer_id), AccountRecord, opened, ttl=PERMANENT)
        ).account

    async def close(self, key: str, customer_id: str, now: AwareDatetime) -> None:
        """Close what was opened under the key; nothing can be opened under it any more."""

        def closed(record: AccountRecord | None) -> AccountRecord:
            if record is not None and key in record.closed_keys:
                return record
            closed_keys = _closed_keys(record) | {key}
            if record is not None and record.key != key:
                return record.model_copy(update={"closed_keys": closed_keys})
            account = Account(
                customer_id=customer_id,
                status=AccountStatus.CLOSED,
                opened_at=record.account.opened_at if record is not None else None,
                closed_at=now,
            )
            return AccountRecord(account=account, key=key, closed_keys=closed_keys)

        await self._store.update(_store_key(customer_id), AccountRecord, closed, ttl=PERMANENT)

    async def find(self, customer_id: str) -> Account | None:
        """Return a customer's account, open or closed."""
        record = (await self._store.get(_store_key(customer_id), AccountRecord)).value
        return record.account if record is not None else None


def _closed_keys(record: AccountRecord | None) -> frozenset[str]:
    return record.closed_keys if record is not None else frozenset()


def _store_key(customer_id: str) -> str:
    return f"account:{customer_id}"
