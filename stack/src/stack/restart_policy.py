"""When a process that ended by itself is started again, and when it is given up."""

import signal
from dataclasses import dataclass

# Nobody sends these to itself.
KILLS = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP})


@dataclass(frozen=True)
class RestartPolicy:
    """When, and how often, a process is restarted.

    The first restart comes at once, and the pause before each later one is doubled, as
    Kubernetes' CrashLoopBackOff does it, with shorter times: a person is watching. Kubernetes
    restarts for ever; here somebody waits for an answer, so one that will not stay up is given up.

    Args:
        first_pause: Seconds before the second restart in a row.
        longest_pause: Seconds, at most.
        max_restarts: In a row; a process that ends once more fails.
        stable_after: Seconds that a process has to be ready for to count as stable: the next
            restart is a first.
    """

    first_pause: float = 1.0
    longest_pause: float = 30.0
    max_restarts: int = 6
    stable_after: float = 10.0

    def was_stable(self, ready_for: float, code: int) -> bool:
        """Return whether a process that ended was stable until then.

        One that was ready and was killed is: it did nothing wrong, however often that is repeated.

        Args:
            ready_for: Seconds that it was ready for; 0 where it never was.
            code: Its exit code; negative for the signal that ended it.
        """
        return ready_for >= self.stable_after or (ready_for > 0 and -code in KILLS)

    def pause(self, restart: int) -> float:
        """Return the seconds before a restart, which is the first, second and so on in a row."""
        if restart == 1:
            return 0.0
        return min(self.first_pause * 2.0 ** (restart - 2), self.longest_pause)
