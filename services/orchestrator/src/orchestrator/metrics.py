"""The orchestrator's metrics; labels are names of our code, never ids."""

from collections.abc import Callable, Iterable, Mapping

from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation

from orchestrator.schemas.instances import InstanceCounts

_meter = metrics.get_meter("taskway")

STARTED = _meter.create_counter(
    "taskway.instances.started", description="Instances started by this process, by workflow"
)
REFUSED = _meter.create_counter(
    "taskway.starts.refused", description="Starts that were refused, by workflow and problem"
)
ENDED = _meter.create_counter(
    "taskway.instances.ended",
    description="Instances that were seen to end, by workflow, status, step and outcome",
)
REMOVED = _meter.create_counter(
    "taskway.instances.removed",
    description="Ended instances that retention removed, by workflow and status",
)
INSTANCE_SECONDS = _meter.create_histogram(
    "taskway.instance.duration", unit="s", description="From start to end, by workflow and status"
)
STEP_SECONDS = _meter.create_histogram(
    "taskway.step.duration",
    unit="s",
    description="Duration of attempts at activities, by workflow, step and outcome; a failed one "
    "is retried, or fails the step",
)
RETRIES = _meter.create_counter(
    "taskway.step.retries",
    description="Retries of activities, by workflow and step",
)
COMPENSATIONS = _meter.create_counter(
    "taskway.compensations",
    description="Attempts at compensations, by workflow, step and outcome",
)
STEPS_RUNNING = _meter.create_up_down_counter(
    "taskway.steps.running", description="Activities that run in the worker"
)
PEER_CALLS = _meter.create_counter(
    "taskway.peer.calls", description="Calls to other services, by peer and outcome"
)
SIDECARS_ENDED = _meter.create_counter(
    "taskway.sidecar.ended",
    description="Sidecars that accepted no worker, and were shut down for it",
)
WORKER_CONNECTED = _meter.create_gauge(
    "taskway.worker.connected",
    description="Whether a workflow worker is connected to the sidecar: 1, or 0",
)
SCHEDULED_RUNS = _meter.create_counter(
    "taskway.schedule.runs",
    description="Runs of schedules, by workflow and outcome: a failed one started nothing",
)

WOKEN = _meter.create_counter(
    "taskway.instances.woken",
    description="Instances whose late wake-up was created again, by what is late and outcome: it "
    "was requested, that failed, or the instance progressed",
)
LOST = _meter.create_counter(
    "taskway.index.lost",
    description="Instances that disappeared from the store without having ended or been purged",
)


def observe_progress(late: Callable[[], Mapping[str, int]]) -> None:
    """Add the gauge of the instances that make no progress.

    Args:
        late: Returns how many there are, by what they wait for.
    """

    _observe_counts(
        "taskway.instances.without_progress",
        "kind",
        late,
        "Instances that wait for what should have come, by what that is",
    )


def observe_peer_waits(by_peer: Callable[[], Mapping[str, int]]) -> None:
    """Add the gauge of the steps that wait for a peer; `by_peer` returns how many, by the peer."""

    _observe_counts(
        "taskway.steps.waiting_for_peer",
        "peer",
        by_peer,
        "Steps that wait for a peer which is away, by the peer",
    )


def _observe_counts(
    name: str, label: str, counts: Callable[[], Mapping[str, int]], description: str
) -> None:
    def observed(_: CallbackOptions) -> Iterable[Observation]:
        for value, count in counts().items():
            yield Observation(count, {label: value})

    _meter.create_observable_gauge(name, [observed], description=description)


def observe_torn(count: Callable[[], int]) -> None:
    """Add the gauge of the instances whose stored state is incomplete; `count` returns how many."""

    def observed(_: CallbackOptions) -> Iterable[Observation]:
        yield Observation(count())

    _meter.create_observable_gauge(
        "taskway.instances.torn",
        [observed],
        description="Instances whose stored state is incomplete: they never continue",
    )


def observe_store(used_ratio: Callable[[], float | None]) -> None:
    """Add the gauge of the store's fill.

    Args:
        used_ratio: Returns which part of the store is used; None where that is not known.
    """

    def observed(_: CallbackOptions) -> Iterable[Observation]:
        ratio = used_ratio()
        return [] if ratio is None else [Observation(ratio)]

    _meter.create_observable_gauge(
        "taskway.store.used.ratio",
        [observed],
        description="The used part of the store: from STORE_FULL_RATIO on nothing new is accepted",
    )


def observe(counts: Callable[[], InstanceCounts], index_age: Callable[[], float]) -> None:
    """Add the gauges of instances, which are computed at each scrape.

    Args:
        counts: Returns how many instances there are.
        index_age: Returns the seconds since all instances were listed.
    """

    def age(_: CallbackOptions) -> Iterable[Observation]:
        yield Observation(index_age())

    def instances(_: CallbackOptions) -> Iterable[Observation]:
        for workflow, by_status in counts().by_workflow.items():
            for status, count in by_status.items():
                yield Observation(count, {"workflow": workflow, "status": status})

    def waiting(_: CallbackOptions) -> Iterable[Observation]:
        for event, count in counts().waiting.items():
            yield Observation(count, {"event": event})

    def overdue(_: CallbackOptions) -> Iterable[Observation]:
        yield Observation(counts().overdue)

    _meter.create_observable_gauge(
        "taskway.instances", [instances], description="Instances, by workflow and status"
    )
    _meter.create_observable_gauge(
        "taskway.waiting", [waiting], description="Instances that wait for an event, by event"
    )
    _meter.create_observable_gauge(
        "taskway.overdue", [overdue], description="Instances whose wait is overdue"
    )
    _meter.create_observable_gauge(
        "taskway.index.age",
        [age],
        unit="s",
        description="Seconds since all instances were listed, or since the start",
    )


def observe_schedules(late_seconds: Callable[[], float]) -> None:
    """Add the gauge of schedules, which is computed at each scrape.

    Args:
        late_seconds: Returns how late the run is that is due first.
    """

    def late(_: CallbackOptions) -> Iterable[Observation]:
        yield Observation(late_seconds())

    _meter.create_observable_gauge(
        "taskway.schedule.late",
        [late],
        unit="s",
        description="How late the run of a schedule is that is due first",
    )
