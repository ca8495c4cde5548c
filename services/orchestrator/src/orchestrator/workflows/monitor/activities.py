"""The activity of monitors: it checks a web address."""

from datetime import UTC, datetime

from dapr.ext.workflow import WorkflowActivityContext

from contracts.problems import FieldError
from orchestrator.toolkit.dependencies import Activities, ActivityDependencies
from orchestrator.toolkit.workflow_settings import SettingsRegistry
from orchestrator.workflows.monitor.adapters.http_check import HttpCheck
from orchestrator.workflows.monitor.adapters.ssrf_guard import AllowList, NotAllowed, SsrfGuard
from orchestrator.workflows.monitor.models import (
    CHECK_ADDRESS,
    FAULTS,
    CheckAddress,
    CheckedAddress,
    MonitorRequest,
)
from orchestrator.workflows.monitor.settings import MonitorSettings
from orchestrator.workflows.monitor.state import Check


def guard(settings: MonitorSettings) -> SsrfGuard:
    """Return the guard with the allow list of these settings."""
    return SsrfGuard(AllowList.parse(settings.monitor_allow))


def check_request(request: MonitorRequest, settings: SettingsRegistry) -> FieldError | None:
    """Return which field of a request the settings refuse; the address's name is not resolved."""
    limits = settings.of(MonitorSettings)
    try:
        guard(limits).target(request.url)
    except NotAllowed as error:
        return FieldError(field="body.url", message=str(error))
    for field in ("interval_seconds", "retry_seconds"):
        seconds = getattr(request, field)
        if seconds is not None and seconds < limits.monitor_min_seconds:
            message = f"must be at least {limits.monitor_min_seconds}, by the settings"
            return FieldError(field=f"body.{field}", message=message)
    return None


def max_active(settings: SettingsRegistry) -> int:
    """Return how many monitors may be active: each goes on until it is stopped."""
    return settings.of(MonitorSettings).monitor_max_active


def activities(dependencies: ActivityDependencies) -> Activities:
    """Return the activities of monitors."""
    settings = dependencies.workflow_settings.of(MonitorSettings)
    web = HttpCheck(guard(settings), dependencies.settings.web_timeout_seconds)

    async def check_address(_: WorkflowActivityContext, step: CheckAddress) -> CheckedAddress:
        """Make a check; a retry makes another one, and its result counts."""
        if FAULTS[step.simulate].at(CHECK_ADDRESS).fails(step.number):
            check = Check(at=datetime.now(UTC), ok=False, status=503, milliseconds=0)
        else:
            check = await web.check(step.url)
        pause = (
            step.interval_seconds or settings.monitor_interval_seconds
            if check.ok
            else step.retry_seconds or settings.monitor_retry_seconds
        )
        return CheckedAddress(check=check, pause_seconds=pause)

    return {CHECK_ADDRESS: check_address}
