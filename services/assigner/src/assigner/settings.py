"""The assigner's settings."""

from pathlib import Path

from servicekit.settings import ServiceSettings


class Settings(ServiceSettings):
    """The initial members, and whether unknown e-mail addresses are added."""

    app_port: int = 8001
    open_directory: bool = True
    """Whether a task for an unknown e-mail address adds it as a member; off in production."""
    team_file: Path = Path(__file__).parent / "team.json"
    """The initial members; one that was changed or removed since stays so."""
