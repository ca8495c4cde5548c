"""Every workflow that the orchestrator hosts: one line each.

Not in the package's `__init__`, which runs whenever any module of the package is imported: the pure
modules of a workflow would then import its routes and clients as well.
"""

from orchestrator.toolkit.catalogue import HostedWorkflow
from orchestrator.workflows.application.registration import WORKFLOW as APPLICATION
from orchestrator.workflows.document_batch.registration import WORKFLOW as DOCUMENT_BATCH
from orchestrator.workflows.hello.registration import WORKFLOW as HELLO
from orchestrator.workflows.monitor.registration import WORKFLOW as MONITOR
from orchestrator.workflows.onboarding.registration import WORKFLOW as ONBOARDING
from orchestrator.workflows.order.registration import WORKFLOW as ORDER
from orchestrator.workflows.purchase.registration import WORKFLOW as PURCHASE
from orchestrator.workflows.research.registration import WORKFLOW as RESEARCH
from orchestrator.workflows.task.registration import WORKFLOW as TASK
from orchestrator.workflows.tracked_task.registration import WORKFLOW as TRACKED_TASK

WORKFLOWS: tuple[HostedWorkflow, ...] = (
    TASK,
    HELLO,
    ORDER,
    PURCHASE,
    DOCUMENT_BATCH,
    MONITOR,
    ONBOARDING,
    APPLICATION,
    RESEARCH,
    TRACKED_TASK,
)
