"""What the dashboard shows: rows of charts and figures, each with its queries."""

from panel import (
    CHOSEN,
    COUNT,
    MILLISECONDS,
    PER_SECOND,
    SECONDS,
    SHARE,
    STREAMS,
    Rows,
    chart,
    figure,
    quantile,
    rate,
)
from panels_protection import PROTECTION
from panels_runtime import DAPR, ENGINE, PROCESSES

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
        "Of what ended within an hour, what completed, and not with a failure",
        SHARE,
        "sum(increase(taskway_instances_ended_total"
        '{status="COMPLETED", outcome!~"failed|compensated"}[1h])) '
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
        "By workflow and status. FAILED is what nobody foresaw; what was rejected, or has failed "
        "in a way that its workflow handles, COMPLETED",
        PER_SECOND,
        (
            rate("taskway_instances_ended_total", "workflow, status", CHOSEN),
            "{{workflow}} {{status}}",
        ),
    ),
    chart(
        "Outcomes",
        "Of what COMPLETED, by workflow and the status in its result",
        PER_SECOND,
        (
            rate(
                "taskway_instances_ended_total",
                "workflow, outcome",
                '{workflow=~"$workflow", outcome!=""}',
            ),
            "{{workflow}} {{outcome}}",
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
    chart(
        "Late",
        "Past their time, without progress for that, and woken by the minute",
        COUNT,
        ("sum(taskway_overdue)", "overdue"),
        ("sum by (kind) (taskway_instances_without_progress)", "{{kind}}"),
        (
            'sum(increase(taskway_instances_woken_total{outcome="requested"}[1m])) or vector(0)',
            "woken",
        ),
    ),
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
        "Waiting for peers",
        "Steps whose peer is away, by the peer. They try it up to a minute apart",
        COUNT,
        ("max by (peer) (taskway_steps_waiting_for_peer) or vector(0)", "{{peer}}"),
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

ROWS: Rows = (
    ("Now", NOW),
    ("Traffic", TRAFFIC),
    ("Success", SUCCESS),
    ("Steps", STEPS),
    ("What waits", WAITS),
    ("Peers", PEERS),
    ("Protection", PROTECTION),
    ("The engine: the sidecars", ENGINE),
    ("The engine: Dapr's control plane", DAPR),
    ("Processes", PROCESSES),
)
