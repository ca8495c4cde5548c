"""Settings are read from the environment, by the names that Dapr sets, and validated."""

import pytest
from pydantic import ValidationError

from servicekit.deadlines import CallLimits
from servicekit.settings import ServiceSettings


def test_the_defaults_suit_a_sidecar_on_this_machine() -> None:
    settings = ServiceSettings()
    assert settings.app_host == "127.0.0.1"
    assert settings.sidecar_url == "http://127.0.0.1:3500"
    assert (settings.dapr_api_token, settings.app_api_token) == (None, None)
    assert (settings.drain_seconds, settings.shutdown_seconds) == (0, 10)


def test_all_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {
        "APP_HOST": "0.0.0.0",  # noqa: S104 - what a container listens at
        "APP_PORT": "8123",
        "DAPR_HTTP_PORT": "3601",
        "DAPR_GRPC_PORT": "50002",
        "DAPR_API_TOKEN": "of the sidecar",
        "APP_API_TOKEN": "of the application",
        "LOG_FORMAT": "json",
        "LOG_LEVEL": "WARNING",
        "DRAIN_SECONDS": "2.5",
        "SHUTDOWN_SECONDS": "7",
        "READ_TIMEOUT_SECONDS": "1.5",
        "OPERATION_TIMEOUT_SECONDS": "2.5",
        "REQUEST_TIMEOUT_SECONDS": "9.5",
        "MAX_BODY_BYTES": "2048",
        "RECORDS_KEPT_DAYS": "365",
        "IDEMPOTENCY_KEY_HOURS": "12.0",
        "MAX_JSON_DEPTH": "8",
        "ALLOWED_HOSTS": "tasks.example.com, *.example.org",
        "TRUSTED_ORIGINS": "https://portal.example.com",
        "ROOT_PATH": "/taskway",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = ServiceSettings()
    read = {
        name.upper(): ", ".join(value) if isinstance(value, list) else str(value)
        for name, value in settings
    }
    assert read == environment
    assert settings.sidecar_url == "http://127.0.0.1:3601"
    assert settings.call_limits == CallLimits(read_seconds=1.5, operation_seconds=2.5)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("APP_PORT", "http"),
        ("LOG_FORMAT", "xml"),
        ("LOG_LEVEL", "LOUD"),
        ("DRAIN_SECONDS", "-1"),
        ("SHUTDOWN_SECONDS", "0"),
        ("MAX_BODY_BYTES", "1023"),
        ("RECORDS_KEPT_DAYS", "36"),
        ("MAX_JSON_DEPTH", "0"),
        ("ALLOWED_HOSTS", "a,,b"),
        ("ALLOWED_HOSTS", "localhost:8000"),
        ("ALLOWED_HOSTS", "a.*"),
        ("TRUSTED_ORIGINS", "portal.example.com"),
        ("TRUSTED_ORIGINS", "https://portal.example.com/"),
        ("ROOT_PATH", "taskway"),
        ("ROOT_PATH", "/taskway/"),
        ("ROOT_PATH", "//evil.example"),
        ("READ_TIMEOUT_SECONDS", "0"),
        ("OPERATION_TIMEOUT_SECONDS", "0"),
        ("REQUEST_TIMEOUT_SECONDS", "0"),
    ],
)
def test_an_invalid_setting_is_rejected(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=name.lower()):
        ServiceSettings()


def test_an_empty_list_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "")
    monkeypatch.setenv("TRUSTED_ORIGINS", " ")
    settings = ServiceSettings()
    assert (settings.allowed_hosts, settings.trusted_origins) == ([], [])
