"""Each line names its service, and a repeated error of the exporter is rate-limited."""

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
import structlog

from servicekit.logs import RateLimitFilter, configure_logs


@pytest.fixture
def restored_logging() -> Iterator[None]:
    """Restore what a process configures once."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.usefixtures("restored_logging")
def test_a_log_line_of_any_thread_is_json_with_its_service(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs("notifier", "INFO", "json")
    thread = threading.Thread(target=lambda: structlog.get_logger("x").info("notified", key="k"))
    thread.start()
    thread.join()
    logging.getLogger("other").warning("by %s", "hand")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in lines] == ["notified", "by hand"]
    assert {line["service"] for line in lines} == {"notifier"}
    assert lines[0]["key"] == "k"


def test_the_filter_passes_one_record_a_minute() -> None:
    limit = RateLimitFilter(60.0)

    def written(at: float) -> bool:
        return limit.filter(logging.makeLogRecord({"created": at}))

    assert [written(at) for at in (0, 1, 59.9, 60, 100, 130)] == [
        True,
        False,
        False,
        True,
        False,
        True,
    ]


def test_a_text_that_the_locale_lacks_is_written_in_escapes() -> None:
    code = (
        "import structlog; from servicekit.logs import configure_logs; "
        "configure_logs('notifier', 'INFO', 'console'); "
        "structlog.get_logger('x').info('Grüße an', name='Жанна')"
    )
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    ran = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    assert ran.stderr == ""
    assert r"Gr\xfc\xdfe an" in ran.stdout
    assert r"\u0416" in ran.stdout
