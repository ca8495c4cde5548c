"""Takes from accounts, deposits and compensates, each exactly once, also across crashes."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from orchestrator.toolkit.ledger_records import MADE_BY, Account, Begun, Movement, Operation, Status
from servicekit.state import PERMANENT, StateStore, until_written


class KeyReused(Exception):
    """The key belongs to another movement."""


class KeyCompensated(Exception):
    """The key was compensated, and takes nothing any more."""


@dataclass(frozen=True)
class Shortage:
    """The balance is less than the amount."""

    available: int


class Ledger:
    """Accounts of one kind; `ledger_records` has the steps in which they are written.

    Several ledgers of one name over one store are the same accounts.
    """

    def __init__(
        self,
        store: StateStore,
        name: str,
        opening: Callable[[str], int],
        kept: timedelta | None = None,
    ) -> None:
        """Keep the accounts in `store`.

        Args:
            store: The state store.
            name: The prefix of its keys, which other ledgers must not have.
            opening: Returns the balance of an account that has no movement yet.
            kept: How long a movement's key is known: for longer than whoever made it may repeat
                or compensate it; None for as long as the store says. The accounts stay.
        """
        self._store = store
        self._name = name
        self._opening = opening
        self._kept = kept

    async def take(self, key: str, account: str, amount: int) -> Shortage | None:
        """Take an amount; the same key again takes nothing more.

        Raises:
            KeyReused: The key was used for another movement.
            KeyCompensated: The key was compensated before.
        """
        return await self._move(key, account, Begun(operation=Operation.TAKE, amount=amount))

    async def deposit(self, key: str, account: str, amount: int) -> None:
        """Add an amount; the same key again adds nothing more.

        Raises:
            KeyReused: The key was used for another movement.
        """
        await self._move(key, account, Begun(operation=Operation.DEPOSIT, amount=amount))

    async def compensate(self, key: str) -> int:
        """Put back what was taken under the key; from now on the key takes nothing.

        Returns:
            The amount that was put back, at this call or an earlier one: 0 where none was taken.

        Raises:
            KeyReused: The key is that of a deposit.
        """
        return await until_written(key, lambda: self._compensate(key))

    async def balance(self, account: str) -> int:
        """Return the balance of an account."""
        record, _etag, _movement = await self._read(account)
        return record.balance

    async def _move(self, key: str, account: str, begun: Begun) -> Shortage | None:
        async def attempt() -> Shortage | None:
            record, etag, movement = await self._read(account, key)
            if movement is None:
                ours = record.open.get(key)
                if ours is None:
                    if record.balance + begun.change < 0:
                        return Shortage(record.balance)
                    ours = begun
                    await self._put_account(account, record.counting(key, ours), etag)
                movement = Movement(
                    status=MADE_BY[ours.operation], account=account, amount=ours.amount
                )
                await self._store.put(self._movement_key(key), movement, None, ttl=self._kept)
            _check(key, movement, account, begun)
            return None

        async with self._lock(account):
            return await until_written(key, attempt)

    async def _compensate(self, key: str) -> int:
        nothing_taken = Movement(status=Status.COMPENSATED)
        found, _ = await self._store.put_if_absent(
            self._movement_key(key), nothing_taken, ttl=self._kept
        )
        if found.status is Status.DEPOSITED:
            raise KeyReused(f"{key} is a deposit")
        if found.status is Status.TAKEN and found.account is not None:
            async with self._lock(found.account):
                await self._return_to(found.account, key, found)
        return found.amount

    async def _return_to(self, account: str, key: str, taken: Movement) -> None:
        record, etag, movement = await self._read(account, key)
        if movement is None or movement.status is Status.COMPENSATED:
            return
        if key not in record.open:
            begun = Begun(operation=Operation.COMPENSATE, amount=taken.amount)
            await self._put_account(account, record.counting(key, begun), etag)
        await self._store.update(self._movement_key(key), Movement, _compensated, ttl=self._kept)

    async def _put_account(self, account: str, record: Account, etag: str | None) -> None:
        await self._store.put(self._account_key(account), record, etag, ttl=PERMANENT)

    async def _read(
        self, account: str, key: str | None = None
    ) -> tuple[Account, str | None, Movement | None]:
        """Read an account and settle it, and the movements after it: in this order.

        A write of the account by the returned ETag then proves that nobody counted the movement
        between the two reads.
        """
        read = await self._store.get(self._account_key(account), Account)
        record = read.value or Account(balance=self._opening(account))
        wanted = [*record.open] if key is None else [*record.open, key]
        found = await self._store.get_many([self._movement_key(k) for k in wanted], Movement)
        movements = {k: found[self._movement_key(k)].value for k in wanted}
        settled = record.settled(account, movements)
        return settled, read.etag, None if key is None else movements[key]

    def _lock(self, account: str) -> asyncio.Lock:
        """Return the store's lock of an account: only other processes then cause conflicts."""
        return self._store.locks(self._account_key(account))

    def _account_key(self, account: str) -> str:
        return f"{self._name}:{account}"

    def _movement_key(self, key: str) -> str:
        return f"{self._name}-movement:{key}"


def _compensated(movement: Movement | None) -> Movement | None:
    if movement is None or movement.status is not Status.TAKEN:
        return None
    return movement.model_copy(update={"status": Status.COMPENSATED})


def _check(key: str, movement: Movement, account: str, begun: Begun) -> None:
    if movement.status is Status.COMPENSATED:
        raise KeyCompensated(f"{key} was compensated")
    requested = Movement(status=MADE_BY[begun.operation], account=account, amount=begun.amount)
    if movement != requested:
        raise KeyReused(f"{key} was used for {movement.amount} of {movement.account}")
