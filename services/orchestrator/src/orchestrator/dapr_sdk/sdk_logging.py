"""Keeps personal data out of what the SDK logs."""

import logging
from logging import LogRecord, NullHandler

from dapr.ext.workflow import TaskFailedError
from dapr.ext.workflow.logger import LoggerOptions

# The SDK would add handlers of its own to loggers that the root handler serves already.
SDK_LOGS = LoggerOptions(log_handler=NullHandler())


class PiiFilter(logging.Filter):
    """Drops the messages of failed activities, which often quote a request.

    Which activity of which instance failed is logged where it runs. Its message is in the
    instance's history and in its trace.
    """

    def filter(self, record: LogRecord) -> bool:
        """Return whether a record is logged; its message may be shortened."""
        if record.getMessage().startswith("Activity execution failed"):
            return False
        if record.exc_info and isinstance(record.exc_info[1], TaskFailedError):
            record.msg, record.args = record.getMessage().partition(", error:")[0], None
            record.exc_info = None
        return True


def install_pii_filter() -> None:
    """Filter the log of the SDK's worker."""
    logging.getLogger("WorkflowRuntime").addFilter(PiiFilter())
