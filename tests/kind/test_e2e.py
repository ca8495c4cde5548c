"""The end-to-end tests of the self-hosted system, with the cluster's `system` in its place."""

from e2e.test_batch_operations import *  # noqa: F403
from e2e.test_hello import *  # noqa: F403
from e2e.test_operations import *  # noqa: F403
from e2e.test_samples import *  # noqa: F403
from e2e.test_schedules import *  # noqa: F403
from e2e.test_services import *  # noqa: F403
from e2e.test_task_processing import *  # noqa: F403
from e2e.test_traces import *  # noqa: F403
from e2e.test_waiting import *  # noqa: F403
from e2e.test_why import *  # noqa: F403
