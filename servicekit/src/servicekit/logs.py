"""Structured logs: a line for people on a terminal, JSON for a cluster."""

import logging
import sys
from typing import Literal

import structlog

from servicekit.tracing import trace_id

# Local variables can hold requests, and so tokens and what people wrote.
TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


def configure_logs(service: str, level: str, style: Literal["console", "json"]) -> None:
    """Send structlog's and the standard library's records through one formatter to stdout.

    Args:
        service: The name that each line carries.
        level: The least severe level that is written, such as `INFO`.
        style: `console` for people, `json` for programs.
    """

    def add_service(
        _: structlog.typing.WrappedLogger, __: str, event: structlog.typing.EventDict
    ) -> structlog.typing.EventDict:
        return {**event, "service": service}

    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        add_service,
        _add_trace,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
    ]
    renderers: list[structlog.typing.Processor] = (
        [TRACEBACKS, structlog.processors.JSONRenderer()]
        if style == "json"
        else [
            structlog.dev.ConsoleRenderer(
                colors=sys.stdout.isatty(),
                exception_formatter=structlog.dev.plain_traceback,
            )
        ]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # One line a request, call or workflow turn would drown the rest.
    for noisy in ("httpx", "durabletask-worker"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # While nobody takes the spans, the exporter says so at each batch.
    exporter = logging.getLogger("opentelemetry.exporter.otlp.proto.grpc.exporter")
    exporter.setLevel(logging.ERROR)
    exporter.addFilter(Sparing(seconds=60.0))


class Sparing(logging.Filter):
    """Lets one record through, and no more for some time."""

    def __init__(self, seconds: float) -> None:
        """Let one through each `seconds`."""
        super().__init__()
        self._seconds = seconds
        self._silent_until = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is written."""
        if record.created < self._silent_until:
            return False
        self._silent_until = record.created + self._seconds
        return True


def _add_trace(
    _: structlog.typing.WrappedLogger, __: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Add the trace that a line belongs to, so that one leads to the other."""
    current = trace_id()
    return event if current is None else {**event, "trace_id": current}
