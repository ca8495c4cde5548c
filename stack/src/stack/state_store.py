"""The state stores that a stack can run over: what each takes, and what refers to it."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from stack import backends
from stack.layout import Ports, RunDirectory
from stack.options import Store
from stack.postgresql import given_url, postgresql, postgresql_url
from stack.process import ProcessSpec


@dataclass(frozen=True)
class StateStore:
    """A state store.

    Args:
        processes: What has to run for it.
        sidecar_env: Returns the environment that its components refer to, by app.
        measured: The settings of the orchestrator by which it measures how full the store is.
    """

    processes: Sequence[ProcessSpec]
    sidecar_env: Callable[[str], dict[str, str]]
    measured: Mapping[str, str]


def state_store(
    store: Store, run: RunDirectory, ports: Ports, env: Mapping[str, str]
) -> StateStore:
    """Return a state store by the name of its folder in components/.

    Args:
        store: Its name.
        run: Where its data is.
        ports: The stack's ports.
        env: The environment of the stack; see `given_url`.

    Raises:
        StackError: A program that it needs is missing, or its data cannot be created.
    """
    if store == "redis":
        password = backends.redis_password(run)
        redis_env = backends.redis_env(ports, password)
        server = backends.redis(run, ports, password)
        return StateStore([server], lambda _: redis_env, redis_env)
    if store == "postgresql":
        url = given_url(env)
        servers = [] if url else [postgresql(run, ports)]
        # How full it is is the business of its own monitoring.
        return StateStore(
            servers, lambda _: {"POSTGRES_URL": url or postgresql_url(run, ports)}, {}
        )
    return StateStore([], lambda app: _sqlite_env(app, run), {"STORE_FOLDER": str(run.data)})


def _sqlite_env(app: str, run: RunDirectory) -> dict[str, str]:
    """Return the SQLite files of a sidecar: one sidecar, one file, one writer."""

    def database(name: str) -> str:
        # Every commit reaches the disk before it is answered.
        # By its bytes, whatever the locale takes them for.
        return f"file:{quote(os.fsencode(run.data / name))}?_pragma=synchronous(FULL)"

    return {
        "TASKWAY_ACTOR_DB": database(f"{app}-actors.db"),
        "TASKWAY_STATE_DB": database(f"{app}-state.db"),
    }
