"""How often a workflow has its activities tried again, and how far apart."""

from datetime import timedelta

from dapr.ext.workflow import RetryPolicy

# Three attempts of at most 30 s each, and 3 s between them, stay within the 100 s in all.
# Within one attempt the sidecar rides out a short outage of a peer: components/resiliency.yaml.
RETRY = RetryPolicy(
    first_retry_interval=timedelta(seconds=1),
    max_number_of_attempts=3,
    backoff_coefficient=2.0,
    max_retry_interval=timedelta(seconds=10),
    retry_timeout=timedelta(seconds=100),
)

# An effect that must be compensated is tried until it is, for a week: the SDK raises the
# coefficient to the power of the attempt before it caps the pause, which overflows a float at
# attempt 1,026 and would fail the instance.
RETRY_COMPENSATION = RetryPolicy(
    first_retry_interval=timedelta(seconds=1),
    max_number_of_attempts=1_025,
    backoff_coefficient=2.0,
    max_retry_interval=timedelta(minutes=10),
)
