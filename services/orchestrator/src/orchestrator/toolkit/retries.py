"""The retry policies of workflows."""

from datetime import timedelta

from dapr.ext.workflow import RetryPolicy

ATTEMPTS = 3

# Three attempts of at most 30 s each, and 3 s between them, stay within the 100 s in all.
# Within one attempt the sidecar retries through a short outage: components/resiliency.yaml. A
# longer one is waited for after them: toolkit/outage.py.
RETRY = RetryPolicy(
    first_retry_interval=timedelta(seconds=1),
    max_number_of_attempts=ATTEMPTS,
    backoff_coefficient=2.0,
    max_retry_interval=timedelta(seconds=10),
    retry_timeout=timedelta(seconds=100),
)

# The pauses in the end between two attempts at what is tried until it succeeds.
LONGEST_PAUSE = timedelta(minutes=10)
LONGEST_PAUSE_IN_OUTAGE = timedelta(minutes=1)

# The first attempts at what is tried until it succeeds: 25 minutes. Those that follow are a child
# workflow's (toolkit/until_success.py), so that the history stays short. The engine has no pauses
# by the kind of failure, so these are those of an outage.
RETRY_FIRST = RetryPolicy(
    first_retry_interval=timedelta(seconds=1),
    max_number_of_attempts=30,
    backoff_coefficient=2.0,
    max_retry_interval=LONGEST_PAUSE_IN_OUTAGE,
)

# What began by earlier code, which made all attempts in one history, goes on so for its week: the
# SDK raises the coefficient to the power of the attempt before it caps the interval, which
# overflows a float at attempt 1,026 and would fail the instance.
RETRY_IN_ONE_HISTORY = RetryPolicy(
    first_retry_interval=timedelta(seconds=1),
    max_number_of_attempts=1_025,
    backoff_coefficient=2.0,
    max_retry_interval=LONGEST_PAUSE,
)
