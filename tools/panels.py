"""What the dashboard shows: rows of charts and figures, each with its queries."""

from dataclasses import dataclass

SHARE, SECONDS, MILLISECONDS, BYTES = "percentunit", "s", "ms", "bytes"
PER_SECOND, COUNT, DAYS = "ops", "short", "d"

# The workflows that are chosen at the top of the page.
CHOSEN = '{workflow=~"$workflow"}'
STREAMS = 'http_target!~".*/stream"'


@dataclass(frozen=True)
class Query:
    """A query, and the name of each of its series."""

    expr: str
    legend: str


@dataclass(frozen=True)
class Panel:
    """A chart, or a single figure.

    Args:
        title: What it shows.
        about: What to read in it.
        unit: Of its values, by Grafana's name.
        queries: What it shows.
        figure: Whether it is the latest value, written large.
        alarm: The value from which on a figure is red.
    """

    title: str
    about: str
    unit: str
    queries: tuple[Query, ...]
    figure: bool = False
    alarm: float | None = None


Rows = tuple[tuple[str, tuple[Panel, ...]], ...]


def figure(title: str, about: str, unit: str, expr: str, alarm: float | None = None) -> Panel:
    """Return a single figure."""
    return Panel(title, about, unit, (Query(expr, title),), figure=True, alarm=alarm)


def chart(title: str, about: str, unit: str, *queries: tuple[str, str]) -> Panel:
    """Return a chart of queries, each with the name of its series."""
    return Panel(title, about, unit, tuple(Query(*query) for query in queries))


def rate(metric: str, by: str, where: str = "") -> str:
    """Return the query of how often a second, by some labels."""
    return f"sum by ({by}) (rate({metric}{where}[$__rate_interval]))"


def quantile(share: float, metric: str, by: str, where: str = "") -> str:
    """Return the query of what a share of the measured values stay below."""
    return f"histogram_quantile({share}, {rate(f'{metric}_bucket', f'{by}, le', where)})"


NOW = (
    figure(
        "Alerts",
        "How many fire. Which, and what to do: docs/observability.md",
        COUNT,
        'count(ALERTS{alertstate="firing"}) or vector(0)',
        alarm=1,
    ),
    figure(
        "Unreachable",
        "Services, sidecars and parts of Dapr that do not answer Prometheus",
        COUNT,
        "count(up == 0) or vector(0)",
        alarm=1,
    ),
    figure(
        "Running",
        "Instances that have not ended",
        COUNT,
        'sum(taskway_instances{status="RUNNING"})',
    ),
    figure(
        "Waiting", "Instances that wait for an event", COUNT, "sum(taskway_waiting) or vector(0)"
    ),
    figure("Overdue", "Waits past their time", COUNT, "sum(taskway_overdue)", alarm=1),
    figure(
        "Ended well, 1 h",
        "Of what ended within an hour, what completed",
        SHARE,
        'sum(increase(taskway_instances_ended_total{status="COMPLETED"}[1h])) '
        "/ sum(increase(taskway_instances_ended_total[1h]))",
    ),
)

TRAFFIC = (
    chart(
        "Starts",
        "Accepted, by workflow",
        PER_SECOND,
        (rate("taskway_instances_started_total", "workflow", CHOSEN), "{{workflow}}"),
    ),
    chart(
        "Starts refused",
        "Their id was used for something else",
        PER_SECOND,
        (
            rate("taskway_starts_refused_total", "workflow, problem", CHOSEN),
            "{{workflow}} {{problem}}",
        ),
    ),
    chart(
        "Requests",
        "By service and status; of the assigner and the notifier, those through their sidecars",
        PER_SECOND,
        (
            rate("http_server_duration_milliseconds_count", "service, http_status_code"),
            "{{service}} {{http_status_code}}",
        ),
    ),
    chart(
        "Time to answer",
        "Streams are left out: they last as long as somebody looks on",
        MILLISECONDS,
        *(
            (
                quantile(share, "http_server_duration_milliseconds", "service", f"{{{STREAMS}}}"),
                f"{{{{service}}}} p{share * 100:.0f}",
            )
            for share in (0.5, 0.99)
        ),
    ),
)

SUCCESS = (
    chart(
        "Ends",
        "By workflow and status. FAILED is what nobody foresaw; a rejected task COMPLETED",
        PER_SECOND,
        (
            rate("taskway_instances_ended_total", "workflow, status", CHOSEN),
            "{{workflow}} {{status}}",
        ),
    ),
    chart(
        "Share that completed",
        "By workflow",
        SHARE,
        (
            rate(
                "taskway_instances_ended_total",
                "workflow",
                '{workflow=~"$workflow", status="COMPLETED"}',
            )
            + " / "
            + rate("taskway_instances_ended_total", "workflow", CHOSEN),
            "{{workflow}}",
        ),
    ),
    chart(
        "From start to end, p95",
        "Waits included, by workflow",
        SECONDS,
        (quantile(0.95, "taskway_instance_duration_seconds", "workflow", CHOSEN), "{{workflow}}"),
    ),
)

STEPS = (
    chart(
        "Time of a step, p95",
        "Of each attempt, by step",
        SECONDS,
        (
            quantile(0.95, "taskway_step_duration_seconds", "workflow, step", CHOSEN),
            "{{workflow}} {{step}}",
        ),
    ),
    chart(
        "Attempts",
        "By step and outcome",
        PER_SECOND,
        (
            rate("taskway_step_duration_seconds_count", "workflow, step, outcome", CHOSEN),
            "{{workflow}} {{step}} {{outcome}}",
        ),
    ),
    chart(
        "Retries",
        "Attempts after one that failed, by step",
        PER_SECOND,
        (rate("taskway_step_retries_total", "workflow, step", CHOSEN), "{{workflow}} {{step}}"),
    ),
    chart(
        "Compensations",
        "Attempts to take an effect back, by step and outcome",
        PER_SECOND,
        (
            rate("taskway_compensations_total", "workflow, step, outcome", CHOSEN),
            "{{workflow}} {{step}} {{outcome}}",
        ),
    ),
    chart(
        "In the worker",
        "Steps that run; the sidecar keeps what is beyond 100",
        COUNT,
        ("sum by (pod) (taskway_steps_running)", "{{pod}}"),
    ),
)

WAITS = (
    chart(
        "Waiting for",
        "Instances, by the event",
        COUNT,
        ("sum by (event) (taskway_waiting)", "{{event}}"),
    ),
    chart("Overdue", "Waits past their time", COUNT, ("sum(taskway_overdue)", "overdue")),
    chart(
        "Instances that have not ended",
        "By workflow and status",
        COUNT,
        (
            "sum by (workflow, status) (taskway_instances"
            '{workflow=~"$workflow", status!~"COMPLETED|FAILED|TERMINATED"})',
            "{{workflow}} {{status}}",
        ),
    ),
)

PEERS = (
    chart(
        "Calls to peers",
        "By peer and outcome",
        PER_SECOND,
        (rate("taskway_peer_calls_total", "peer, outcome"), "{{peer}} {{outcome}}"),
    ),
    chart(
        "Time of a call, p95",
        "From sidecar to sidecar and back",
        MILLISECONDS,
        (
            quantile(0.95, "dapr_runtime_service_invocation_res_recv_latency_ms", "src_app_id"),
            "{{src_app_id}}",
        ),
    ),
)

ENGINE = (
    chart(
        "Turns of workflows",
        "That ended an instance, by how. What is recoverable is tried again",
        PER_SECOND,
        (rate("dapr_runtime_workflow_execution_count", "status"), "{{status}}"),
    ),
    chart(
        "From due to begun, p95",
        "How long an instance waits for its first turn",
        MILLISECONDS,
        (
            quantile(0.95, "dapr_runtime_workflow_scheduling_latency", "workflow_name"),
            "{{workflow_name}}",
        ),
    ),
    chart(
        "Wake-ups",
        "Taken by the sidecar, by what they wake, and whether it did what it should",
        PER_SECOND,
        (
            rate("dapr_runtime_actor_reminders_fired_total", "actor_type, success"),
            "{{actor_type}} {{success}}",
        ),
    ),
    chart(
        "Asked of the engine",
        "What the worker and the API ask of their sidecar, by answer",
        PER_SECOND,
        (
            rate("dapr_grpc_io_server_completed_rpcs", "service, grpc_server_status"),
            "{{service}} {{grpc_server_status}}",
        ),
    ),
    chart(
        "Asked of the store",
        "By service, and whether it was done",
        PER_SECOND,
        (rate("dapr_component_state_count", "service, success"), "{{service}} {{success}}"),
    ),
    chart(
        "Time of the store, p95",
        "By service and what was asked",
        MILLISECONDS,
        (
            quantile(0.95, "dapr_component_state_latencies", "service, operation"),
            "{{service}} {{operation}}",
        ),
    ),
    chart(
        "Sidecars replaced",
        "They took no worker any more, within an hour",
        COUNT,
        ("sum(increase(taskway_sidecar_ended_total[1h])) or vector(0)", "replaced"),
    ),
)

DAPR = (
    chart(
        "Up",
        "Parts of Dapr that answer",
        COUNT,
        ('sum by (service) (up{job="dapr"})', "{{service}}"),
    ),
    chart(
        "Jobs of the scheduler",
        "Every wake-up of a workflow is one",
        PER_SECOND,
        (rate("dapr_scheduler_jobs_created_total", "job"), "created"),
        (rate("dapr_scheduler_jobs_triggered_total", "job"), "triggered"),
        (rate("dapr_scheduler_jobs_failed_total", "job"), "failed"),
        (rate("dapr_scheduler_jobs_undelivered_total", "job"), "undelivered"),
    ),
    chart(
        "Time of a job, p95",
        "Until the sidecar has done what it is for: a turn, or a step",
        MILLISECONDS,
        (quantile(0.95, "dapr_scheduler_trigger_latency", "pod"), "{{pod}}"),
    ),
    chart(
        "Listeners of the scheduler",
        "Streams of sidecars; with none its wake-ups reach nobody",
        COUNT,
        ("dapr_scheduler_sidecars_connected", "{{pod}}"),
    ),
    chart(
        "Placement",
        "Leaders, of which there is one, and the sidecars that it knows",
        COUNT,
        ("sum(dapr_placement_leader_status)", "leaders"),
        ("sum(dapr_placement_runtimes_total)", "sidecars"),
    ),
    figure(
        "Certificate",
        "Until Dapr's issuer certificate expires",
        DAYS,
        "(min(dapr_sentry_issuercert_expiry_timestamp) - time()) / 86400",
    ),
)

PROCESSES = (
    chart(
        "CPU",
        "Cores in use, by process",
        COUNT,
        (
            "sum by (job, service) (rate(process_cpu_seconds_total[$__rate_interval]))",
            "{{service}} ({{job}})",
        ),
    ),
    chart(
        "Memory",
        "Resident, by process",
        BYTES,
        ("sum by (job, service, pod) (process_resident_memory_bytes)", "{{pod}} ({{job}})"),
    ),
)

ROWS: Rows = (
    ("Now", NOW),
    ("Traffic", TRAFFIC),
    ("Success", SUCCESS),
    ("Steps", STEPS),
    ("What waits", WAITS),
    ("Peers", PEERS),
    ("The engine: the sidecars", ENGINE),
    ("The engine: Dapr's control plane", DAPR),
    ("Processes", PROCESSES),
)
