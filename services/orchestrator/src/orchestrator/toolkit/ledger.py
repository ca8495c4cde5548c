"""Takes from accounts and gives back, each exactly once, whatever crashes in between."""

from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.toolkit.ledger_records import MADE_BY, Account, Begun, Movement, Operation, Status
from servicekit.locks import KeyedLocks
from servicekit.state import StateStore, until_written


class KeyReused(Exception):
    """The key belongs to another movement."""


class Forbidden(Exception):
    """The key was given back, and is not taken again."""


@dataclass(frozen=True)
class Shortage:
    """The account has less than was to be taken."""

    available: int


class Ledger:
    """Accounts of one kind; `ledger_accounts` says in which steps they are written.

    Several ledgers of one name over one store are one: they meet by ETag.
    """

    def __init__(self, store: StateStore, name: str, opening: Callable[[str], int]) -> None:
        """Keep the accounts in `store`.

        Args:
            store: Where they are.
            name: The part of its keys that tells this ledger from others.
            opening: The balance of an account that was never moved.
        """
        self._store = store
        self._name = name
        self._opening = opening
        # Within one event loop writers queue up, so only other ones cause conflicts.
        self._locks = KeyedLocks()

    async def take(self, key: str, account: str, amount: int) -> Shortage | None:
        """Take an amount; the same key again takes nothing more.

        Raises:
            KeyReused: The key was used for another movement.
            Forbidden: The key was given back before.
        """
        return await self._move(key, account, Begun(operation=Operation.TAKE, amount=amount))

    async def deposit(self, key: str, account: str, amount: int) -> None:
        """Add an amount; the same key again adds nothing more.

        Raises:
            KeyReused: The key was used for another movement.
        """
        await self._move(key, account, Begun(operation=Operation.DEPOSIT, amount=amount))

    async def give_back(self, key: str) -> int:
        """Undo what was taken under the key; what was not can then never be taken.

        Returns:
            The amount that this key has given back, however often it is asked: 0 for none.
        """
        return await until_written(key, lambda: self._give_back(key))

    async def balance(self, account: str) -> int:
        """Return what an account has."""
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
                    await self._store.put(
                        self._account_key(account), record.counting(key, ours), etag
                    )
                movement = Movement(
                    status=MADE_BY[ours.operation], account=account, amount=ours.amount
                )
                await self._store.put(self._movement_key(key), movement, None)
            _check(key, movement, account, begun)
            return None

        async with self._locks(account):
            return await until_written(key, attempt)

    async def _give_back(self, key: str) -> int:
        found = (await self._store.get(self._movement_key(key), Movement)).value
        if found is None:
            forbidden = Movement(status=Status.GIVEN_BACK)
            await self._store.put(self._movement_key(key), forbidden, None)
            return 0
        if found.status is Status.DEPOSITED:
            raise KeyReused(f"{key} is a deposit")
        if found.status is Status.TAKEN and found.account is not None:
            async with self._locks(found.account):
                await self._return_to(found.account, key, found)
        return found.amount

    async def _return_to(self, account: str, key: str, taken: Movement) -> None:
        record, etag, movement = await self._read(account, key)
        if movement is None or movement.status is Status.GIVEN_BACK:
            return
        if key not in record.open:
            begun = Begun(operation=Operation.GIVE_BACK, amount=taken.amount)
            await self._store.put(self._account_key(account), record.counting(key, begun), etag)
        current = await self._store.get(self._movement_key(key), Movement)
        if current.value is not None and current.value.status is Status.TAKEN:
            given_back = taken.model_copy(update={"status": Status.GIVEN_BACK})
            await self._store.put(self._movement_key(key), given_back, current.etag)

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

    def _account_key(self, account: str) -> str:
        return f"{self._name}:{account}"

    def _movement_key(self, key: str) -> str:
        return f"{self._name}-movement:{key}"


def _check(key: str, movement: Movement, account: str, begun: Begun) -> None:
    if movement.status is Status.GIVEN_BACK:
        raise Forbidden(f"{key} was given back")
    asked = Movement(status=MADE_BY[begun.operation], account=account, amount=begun.amount)
    if movement != asked:
        raise KeyReused(f"{key} was used for {movement.amount} of {movement.account}")
