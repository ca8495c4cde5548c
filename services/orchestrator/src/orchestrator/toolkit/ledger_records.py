"""The rules of a ledger's accounts, without I/O.

An account's record has the balance, and a movement's record has the state of its key. The two
are separate values of the store, so a movement is made in steps that can be taken up again after
a crash between any two of them:

1. the account's record counts it and notes it in `open`: what is taken is gone;
2. the movement's record is created, once: from now on the movement is final.

A compensation goes the same way: the account's record counts it and notes it in `open`, then the
movement's record gets its status. What is in `open` is settled by whoever reads the account next:
the movement's record shows how the operation ended.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Self

from pydantic import BaseModel


class Operation(StrEnum):
    """The kind of an operation."""

    TAKE = "take"
    DEPOSIT = "deposit"
    # The value is that of stored records.
    COMPENSATE = "give-back"


class Status(StrEnum):
    """The state of a key."""

    TAKEN = "taken"
    DEPOSITED = "deposited"
    # The value is that of stored records.
    COMPENSATED = "given-back"


MADE_BY = {Operation.TAKE: Status.TAKEN, Operation.DEPOSIT: Status.DEPOSITED}


class Movement(BaseModel):
    """The state of a key; one that was compensated before it was taken has no account."""

    status: Status
    account: str | None = None
    amount: int = 0


class Begun(BaseModel):
    """An operation that an account's record counts, and a movement's record may not have yet."""

    operation: Operation
    amount: int

    @property
    def change(self) -> int:
        """The amount that it adds to the balance."""
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
            elif begun.operation is Operation.COMPENSATE:
                if movement.status is not Status.COMPENSATED:
                    still_open[key] = begun
            elif movement.account != name:
                # It was forbidden before it was made.
                balance -= begun.change
        return self.model_copy(update={"open": still_open, "balance": balance})
