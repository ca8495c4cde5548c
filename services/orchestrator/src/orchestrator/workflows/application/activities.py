"""The activities of applications."""

from dapr.ext.workflow import WorkflowActivityContext

from orchestrator.toolkit.dependencies import Activities, ActivityDependencies
from orchestrator.toolkit.fault_injection import PermanentInjectedFailure
from orchestrator.toolkit.messages import SendNotification
from orchestrator.workflows.application.adapters.rules_file import load
from orchestrator.workflows.application.models import (
    FAIL_TO_NOTIFY,
    SCREEN_APPLICATION,
    ApplicationRequest,
    Screening,
)
from orchestrator.workflows.application.screening import score
from orchestrator.workflows.application.settings import ApplicationSettings


def activities(dependencies: ActivityDependencies) -> Activities:
    """Return the activities of applications."""
    rules = load(dependencies.workflow_settings.of(ApplicationSettings).application_rules_file)

    async def screen_application(
        _: WorkflowActivityContext, application: ApplicationRequest
    ) -> Screening:
        """Score an application by the rules, or return why it is rejected."""
        if not application.name.strip():
            return Screening(rejection="Missing name")
        if not application.text.strip():
            return Screening(rejection="Missing text")
        position = rules.position(application.position)
        if position is None:
            return Screening(rejection=f"Unknown position: {application.position}")
        return Screening(
            title=position.title,
            thresholds=rules.thresholds,
            score=score(position, rules.thresholds, application.text),
        )

    async def fail_to_notify(_: WorkflowActivityContext, message: SendNotification) -> None:
        """Fail as a delivery does that cannot be made: an injected failure."""
        raise PermanentInjectedFailure(f"delivery to {message.recipient}")

    return {SCREEN_APPLICATION: screen_application, FAIL_TO_NOTIFY: fail_to_notify}
