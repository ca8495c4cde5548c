"""Registers every workflow and activity with Dapr's worker."""

from typing import Any

from dapr.ext.workflow import WorkflowRuntime

from orchestrator.dapr_sdk import executor
from orchestrator.dapr_sdk.failures import ShortFailures
from orchestrator.dapr_sdk.late_results import LateResults
from orchestrator.dapr_sdk.management import History
from orchestrator.dapr_sdk.result_delivery import ResultDelivery
from orchestrator.dapr_sdk.sdk_logging import SDK_LOGS, install_pii_filter
from orchestrator.engine.registered_activities import collect_activities
from orchestrator.settings import Settings
from orchestrator.telemetry.activity_spans import ActivityInstrumentation
from orchestrator.telemetry.running_activities import RunningActivities
from orchestrator.toolkit.catalogue import Catalogue
from orchestrator.toolkit.definition import Definition
from orchestrator.toolkit.dependencies import ActivityDependencies
from orchestrator.toolkit.lives import in_its_life
from orchestrator.toolkit.until_success import SHARED_CHILDREN


def build_worker(
    catalogue: Catalogue,
    dependencies: ActivityDependencies,
    settings: Settings,
    history: History,
    running: RunningActivities,
) -> WorkflowRuntime:
    """Return a worker that is not started yet: once a process, for the SDK marks the functions.

    Args:
        catalogue: The workflows to host.
        dependencies: What the activities use, and nothing else may: they run on their own loop.
        settings: Where the sidecar listens, and how much is cached.
        history: Returns the events of an instance, on the activities' event loop.
        running: Gets each activity as long as it runs.

    Raises:
        DefinitionError: An activity is missing, or registered twice.
    """
    activities = collect_activities(catalogue, dependencies)
    install_pii_filter()
    executor.install()
    runtime = WorkflowRuntime(
        host="127.0.0.1",
        port=str(settings.dapr_grpc_port),
        logger_options=SDK_LOGS,
        interceptors=[ResultDelivery(), LateResults(), ShortFailures()],
        **history_cache(settings),
    )
    instrumentation = ActivityInstrumentation(history, catalogue, running)
    for definition in catalogue.definitions:
        register_workflows(runtime, definition)
    for child, code in SHARED_CHILDREN.items():
        runtime.register_workflow(in_its_life(code), name=child)
    for name, activity in activities.items():
        runtime.register_activity(instrumentation.instrument(name, activity), name=name)
    return runtime


def history_cache(settings: Settings) -> dict[str, Any]:
    """Return the SDK's options that bound its cache of histories; by default it has no bound."""
    return {
        "disable_stateful_history": settings.history_cache_max_bytes == 0,
        "history_cache_max_bytes": settings.history_cache_max_bytes,
    }


def register_workflows(runtime: WorkflowRuntime, definition: Definition) -> None:
    """Register a workflow, its previous versions and its child workflows."""
    name, workflow = definition.workflow_name, in_its_life(definition.workflow)
    if definition.version is None:
        runtime.register_workflow(workflow, name=name)
    else:
        runtime.register_versioned_workflow(
            workflow, name=name, version_name=definition.version, is_latest=True
        )
    for version, code in definition.previous_versions.items():
        runtime.register_versioned_workflow(
            in_its_life(code), name=name, version_name=version, is_latest=False
        )
    for child, code in definition.children.items():
        runtime.register_workflow(in_its_life(code), name=child)
