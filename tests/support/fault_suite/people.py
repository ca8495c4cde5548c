"""The people of a run: few enough that each has a long list, and none else's."""

from dataclasses import dataclass
from random import Random

TEAM = tuple(f"{name}@example.com" for name in ("alice", "bob", "chandra", "dana", "emil", "farah"))
EACH = 8


@dataclass(frozen=True)
class People:
    """Addresses that only one run uses.

    Args:
        run: Its name.
    """

    run: str

    def pick(self, role: str, random: Random) -> str:
        """Return somebody of a role."""
        return self._address(role, random.randrange(EACH))

    def all(self) -> list[str]:
        """Return everybody, and those of the team that some workflows choose from."""
        own = [self._address(role, i) for role in ("member", "customer") for i in range(EACH)]
        return [*own, *TEAM]

    def customers(self) -> list[str]:
        """Return those with a wallet."""
        return [self._address("customer", i) for i in range(EACH)]

    def _address(self, role: str, number: int) -> str:
        return f"{role}-{number}-{self.run}@example.com"
