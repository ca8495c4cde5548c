"""The retry policies of workflows."""

from datetime import timedelta

from dapr.ext.workflow import RetryPolicy

# Three attempts of at most 30 s each, and 3 s between them, stay within the 100 s in all.
# Within one attempt the sidecar retries through a short outage: components/resiliency.yaml.
RETRY = RetryPolicy(
    first_retry_interval=timedelta(seconds=1),
    max_number_of_attempts=3,
    backoff_coefficient=2.0,
    max_retry_interval=timedelta(seconds=10),
    retry_timeout=timedelta(seconds=100),
)

# A compensation is retried until it succeeds, for a week: the SDK raises the coefficient to the
# power of the attempt before it caps the interval, which overflows a float at attempt 1,026 and
# would fail the instance.
RETRY_COMPENSATION = RetryPolicy(
    first_retry_interval=timedelta(seconds=1),
    max_number_of_attempts=1_025,
    backoff_coefficient=2.0,
    max_retry_interval=timedelta(minutes=10),
)
