"""The workloads of the system and of Dapr's control plane, by the names in the report."""

from support.fault_suite.cluster.kubernetes import DAPR, Workload

SERVICES = ("orchestrator", "assigner", "notifier")
SCHEDULERS = ("scheduler-0", "scheduler-1", "scheduler-2")
_SCHEDULER = Workload("statefulsets", "dapr-scheduler-server", DAPR)

WORKLOADS = {
    **{name: Workload("deployments", name) for name in SERVICES},
    "redis": Workload("statefulsets", "redis"),
    "jaeger": Workload("deployments", "jaeger"),
    "placement": Workload("statefulsets", "dapr-placement-server", DAPR),
    **dict.fromkeys(SCHEDULERS, _SCHEDULER),
    "sentry": Workload("deployments", "dapr-sentry", DAPR),
    "operator": Workload("deployments", "dapr-operator", DAPR),
    "injector": Workload("deployments", "dapr-sidecar-injector", DAPR),
}


def pod_name(victim: str) -> str | None:
    """Return the name of the one pod that is meant; None where there is no other."""
    return f"dapr-scheduler-server-{victim[-1]}" if victim in SCHEDULERS else None
