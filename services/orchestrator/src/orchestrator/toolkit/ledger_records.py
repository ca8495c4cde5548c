"""The rules of a ledger's accounts, without I/O.

An account's record has the balance, and a movement's record says what became of its key. The two
are separate values of the store, so a movement is made in steps that can be taken up again after
a crash between any two of them:

1. the account's record counts it and notes it in `open`: what is taken is gone;
2. the movement's record is created: from now on it is true, and only the first one can be.

What is given back goes the same way: the account's record counts it and notes that, then the
movement's record says so. What stands in `open` is settled the next time that anybody reads the
account: the movement's record tells how the operation ended.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Self

from pydantic import BaseModel


class Operation(StrEnum):
    """What was begun."""

    TAKE = "take"
    DEPOSIT = "deposit"
    GIVE_BACK = "give-back"


class Status(StrEnum):
    """What became of a key."""

    TAKEN = "taken"
    DEPOSITED = "deposited"
    GIVEN_BACK = "given-back"


MADE_BY = {Operation.TAKE: Status.TAKEN, Operation.DEPOSIT: Status.DEPOSITED}


class Movement(BaseModel):
    """What became of a key; one that was given back before it was taken has no account."""

    status: Status
    account: str | None = None
    amount: int = 0


class Begun(BaseModel):
    """An operation that an account's record counts already, and a movement's may not yet."""

    operation: Operation
    amount: int

    @property
    def change(self) -> int:
        """What it adds to the balance."""
        return -self.amount if self.operation is Operation.TAKE else self.amount


class Account(BaseModel):
    """A balance, and the operations under way, by key."""

    balance: int
    open: dict[str, Begun] = {}

    def counting(self, key: str, begun: Begun) -> Self:
        """Return the record with an operation counted, and noted as begun."""
        return self.model_copy(
            update={"balance": self.balance + begun.change, "open": {**self.open, key: begun}}
        )

    def settled(self, name: str, movements: Mapping[str, Movement | None]) -> Self:
        """Return the record without the open operations whose end is known.

        Args:
            name: The account's name.
            movements: The record of each key in `open`, read after this record was.
        """
        still_open: dict[str, Begun] = {}
        balance = self.balance
        for key, begun in self.open.items():
            movement = movements.get(key)
            if movement is None:
                still_open[key] = begun
            elif begun.operation is Operation.GIVE_BACK:
                if movement.status is not Status.GIVEN_BACK:
                    still_open[key] = begun
            elif movement.account != name:
                # It was forbidden before it was made.
                balance -= begun.change
        return self.model_copy(update={"open": still_open, "balance": balance})
