"""The customers' accounts: a port, and an adapter that keeps them in the state store."""

from enum import StrEnum
from typing import Protocol

from pydantic import AwareDatetime, BaseModel

from contracts.fields import RequestId
from servicekit.state import StateStore, until_written


class AccountStatus(StrEnum):
    """Whether an account can be used."""

    OPEN = "open"
    CLOSED = "closed"


class Account(BaseModel):
    """A customer's account; one that is closed knows nothing of the customer."""

    customer_id: RequestId
    status: AccountStatus
    name: str | None = None
    email: str | None = None
    opened_at: AwareDatetime | None = None
    closed_at: AwareDatetime | None = None


class AccountRefused(Exception):
    """The account cannot be opened, however often it is tried."""


class Accounts(Protocol):
    """What a system of accounts must offer; each call can be repeated under its key."""

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
    """Accounts in the state store."""

    def __init__(self, store: StateStore) -> None:
        """Keep them in `store`."""
        self._store = store

    async def open(
        self, key: str, customer_id: str, name: str, email: str, now: AwareDatetime
    ) -> Account:
        """Open an account, or return the one that was opened under the key."""

        async def attempt() -> Account:
            read = await self._store.get(_at(customer_id), AccountRecord)
            record = read.value
            if record is not None:
                if key in record.closed_keys:
                    raise AccountRefused(f"Account {customer_id} was closed under this key")
                if record.account.status is AccountStatus.OPEN:
                    if record.key == key:
                        return record.account
                    raise AccountRefused(f"Customer {customer_id} has an account already")
            account = Account(
                customer_id=customer_id,
                status=AccountStatus.OPEN,
                name=name,
                email=email,
                opened_at=now,
            )
            closed_keys = record.closed_keys if record is not None else frozenset()
            opened = AccountRecord(account=account, key=key, closed_keys=closed_keys)
            await self._store.put(_at(customer_id), opened, read.etag)
            return account

        return await until_written(customer_id, attempt)

    async def close(self, key: str, customer_id: str, now: AwareDatetime) -> None:
        """Close what was opened under the key; nothing can be opened under it any more."""

        async def attempt() -> None:
            read = await self._store.get(_at(customer_id), AccountRecord)
            record = read.value
            if record is not None and key in record.closed_keys:
                return
            if record is None or record.key == key:
                opened_at = record.account.opened_at if record is not None else None
                closed = Account(
                    customer_id=customer_id,
                    status=AccountStatus.CLOSED,
                    opened_at=opened_at,
                    closed_at=now,
                )
                record = AccountRecord(
                    account=closed,
                    key=key,
                    closed_keys=record.closed_keys if record is not None else frozenset(),
                )
            tombstone = record.model_copy(update={"closed_keys": record.closed_keys | {key}})
            await self._store.put(_at(customer_id), tombstone, read.etag)

        await until_written(customer_id, attempt)

    async def find(self, customer_id: str) -> Account | None:
        """Return a customer's account, open or closed."""
        record = (await self._store.get(_at(customer_id), AccountRecord)).value
        return record.account if record is not None else None


def _at(customer_id: str) -> str:
    return f"account:{customer_id}"
