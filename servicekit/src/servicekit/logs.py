"""Structured logs: a line for people on a terminal, JSON for a cluster."""

import logging
import sys
from io import TextIOWrapper
from typing import Literal

import structlog

from servicekit.tracing import trace_id

# Local variables can contain requests, and so tokens and personal data.
TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


def configure_logs(service: str, level: str, style: Literal["console", "json"]) -> None:
    """Write the records of structlog and of the standard library to stdout in one format.

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
    if isinstance(sys.stdout, TextIOWrapper):
        # What the encoding of the locale lacks is escaped, for the line is not to be lost.
        sys.stdout.reconfigure(errors="backslashreplace")
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
    # While no collector is reachable, the exporter logs an error for each batch.
    exporter = logging.getLogger("opentelemetry.exporter.otlp.proto.grpc.exporter")
    exporter.setLevel(logging.ERROR)
    exporter.addFilter(RateLimitFilter(seconds=60.0))


class RateLimitFilter(logging.Filter):
    """Passes one record per interval and drops the others."""

    def __init__(self, seconds: float) -> None:
        """Pass one record each `seconds`."""
        super().__init__()
        self._seconds = seconds
        self._next_at = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record passes."""
        if record.created < self._next_at:
            return False
        self._next_at = record.created + self._seconds
        return True


def _add_trace(
    _: structlog.typing.WrappedLogger, __: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Add the current trace id, by which a line is found in Jaeger."""
    current = trace_id()
    return event if current is None else {**event, "trace_id": current}
