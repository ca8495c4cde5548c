"""The load: instances of the mix, begun at a rate whatever becomes of them."""

from collections import Counter
from collections.abc import Mapping
from random import Random

from support.fault_suite.arrivals import Arrivals
from support.fault_suite.cases import Make, Making
from support.fault_suite.client import Client, Recorder
from support.fault_suite.instance import Instance
from support.fault_suite.mix import MIX, draw
from support.fault_suite.people import People

# What is open at once, beyond which a client waits: a system that stands still is not buried.
MOST_OPEN = 300


class Load(Arrivals):
    """Starts instances, and keeps all of them.

    Attributes:
        instances: Every instance, in the order of their starts.
        held_back: How many were due while too many were open.
    """

    def __init__(
        self,
        client: Client,
        recorder: Recorder,
        people: People,
        random: Random,
        web: str,
        *,
        prefix: str = "",
        mix: Mapping[Make, int] = MIX,
        removed: bool = False,
    ) -> None:
        """Prepare to start instances.

        Args:
            client: Starts them, and follows each to its end.
            recorder: Has the time.
            people: Who takes part.
            random: Draws the cases.
            web: An address to monitor.
            prefix: What their names begin with, after the name of the run.
            mix: How often each case occurs.
            removed: Whether what has ended is removed within the run; then its start is repeated.
        """
        super().__init__(recorder)
        self._client = client
        self._people = people
        self._random = random
        self._web = web
        self._prefix = prefix
        self._mix = mix
        self._removed = removed
        self.instances: list[Instance] = []
        self.held_back = 0

    def begin(self) -> Instance:
        """Begin the next instance."""
        instance = self._next()
        self._keep(instance.run(self._client, self._recorder), instance.name)
        return instance

    async def begin_and_wait(self) -> None:
        """Begin the next instance, and return when it has ended."""
        await self._next().run(self._client, self._recorder)

    def _next(self) -> Instance:
        name = f"{self._people.run}-{self._prefix}{len(self.instances)}"
        case = draw(Making(name, self._people, self._random, self._web), self._mix)
        instance = Instance(name, case, self._recorder.now(), removed=self._removed)
        self.instances.append(instance)
        return instance

    def in_flight(self) -> Counter[str]:
        """Return the instances that are accepted and have not ended, by their step."""
        return Counter(i.step or "accepted" for i in self.instances if i.in_flight)

    def arrive(self) -> None:
        """Begin the next instance, unless too many are open."""
        if len(self._tasks) < MOST_OPEN:
            self.begin()
        else:
            self.held_back += 1
