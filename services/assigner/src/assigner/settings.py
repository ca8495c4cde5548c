"""The assigner's settings."""

from pathlib import Path

from servicekit.settings import ServiceSettings


class Settings(ServiceSettings):
    """Where the first members come from, and whether strangers may join."""

    app_port: int = 8001
    open_directory: bool = True
    """Whether a task for an unknown e-mail address makes it a member; off in production."""
    team_file: Path = Path(__file__).parent / "team.json"
    """Members that the directory starts with; one that was changed or removed stays so."""
