"""What the dashboard shows of limits, deadlines, and what is lost, late or restarted."""

from panel import COUNT, PER_SECOND, SECONDS, SHARE, chart, rate

# Too many requests, a body that is too large, and what cannot be served now.
REFUSALS = '{http_status_code=~"413|429|503"}'

PROTECTION = (
    chart(
        "Requests refused by a limit",
        "By service and status: 413 a body that is too large, 429 too many, 503 a full store or "
        "what cannot be served now",
        PER_SECOND,
        (
            rate("http_server_duration_milliseconds_count", "service, http_status_code", REFUSALS)
            + " or vector(0)",
            "{{service}} {{http_status_code}}",
        ),
    ),
    chart(
        "Deadlines exceeded",
        "Calls and requests that were given up, by service and target",
        PER_SECOND,
        (
            rate("taskway_deadline_exceeded_total", "service, target") + " or vector(0)",
            "{{service}} {{target}}",
        ),
    ),
    chart(
        "Fill of the store",
        "The used part; near 1 nothing new is accepted",
        SHARE,
        ("max(taskway_store_used_ratio)", "used"),
    ),
    chart(
        "Background tasks restarted",
        "They failed, within an hour, by service and task",
        COUNT,
        (
            "sum by (service, task) (increase(taskway_background_failures_total[1h])) or vector(0)",
            "{{service}} {{task}}",
        ),
    ),
    chart(
        "Lost or torn",
        "Instances that disappeared within an hour before they ended, and those whose state is "
        "incomplete",
        COUNT,
        ("sum(increase(taskway_index_lost_total[1h])) or vector(0)", "lost"),
        ("max(taskway_instances_torn)", "torn"),
    ),
    chart(
        "Worker",
        "Sidecars to which a workflow worker is connected",
        COUNT,
        ("sum(taskway_worker_connected)", "connected"),
    ),
    chart(
        "Age of the list",
        "Since all instances were listed",
        SECONDS,
        ("max(taskway_index_age_seconds)", "age"),
    ),
    chart(
        "Schedules",
        "Runs by outcome",
        PER_SECOND,
        (
            rate("taskway_schedule_runs_total", "workflow, outcome") + " or vector(0)",
            "{{workflow}} {{outcome}}",
        ),
    ),
    chart(
        "Schedules late",
        "How late the run is that is due first",
        SECONDS,
        ("max(taskway_schedule_late_seconds)", "late"),
    ),
)
