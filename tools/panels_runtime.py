"""What the dashboard shows of Dapr, and of the processes."""

from panel import BYTES, COUNT, DAYS, MILLISECONDS, PER_SECOND, chart, figure, quantile, rate

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
