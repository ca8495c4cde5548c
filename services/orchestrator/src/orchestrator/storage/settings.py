"""The settings of what is known of the store beside Dapr."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings


class StorageSettings(BaseSettings):
    """Where the store is, and how full it may become; without a place, nothing is measured."""

    redis_host: str | None = Field(
        default=None, description="Host and port of the Redis that Dapr's components use"
    )
    redis_password: str | None = None
    store_memory_bytes: int = Field(
        default=256 * 2**20,
        ge=2**20,
        description="Bytes that Redis' data may use: less than half of its container's memory, for "
        "rewriting the append-only file can double it for a while",
    )
    store_folder: Path | None = Field(default=None, description="The folder of the SQLite files")
    store_reserve_bytes: int = Field(
        default=256 * 2**20,
        ge=0,
        description="Bytes of the disk that the SQLite files leave to others",
    )
    store_full_ratio: float = Field(
        default=0.8,
        gt=0,
        description="The used part of the store from which on starts and uploads are refused (503)",
    )
    store_fill_seconds: float = Field(
        default=1.0, gt=0, description="Pause between two measurements of the store"
    )
