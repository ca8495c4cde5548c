"""Parameters that several routes take."""

from typing import Annotated

from fastapi import Path

InstanceId = Annotated[str, Path(max_length=200, description="What the start answered")]
