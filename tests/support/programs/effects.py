"""The records of a program's effects: how often each was tried, made and compensated."""

from pydantic import BaseModel

from orchestrator.toolkit.ledger import Ledger
from servicekit.state import StateStore
from support.programs.nodes import Effect, EffectKind

OPENING = 10**15
LEDGER = "program-ledger"


class EffectRecord(BaseModel):
    """What is known of an effect; one that was compensated is not made any more."""

    attempts: int = 0
    made: bool = False
    compensation_attempts: int = 0
    compensated: bool = False


def effect_key(root: str, name: str) -> str:
    """Return the idempotency key of an effect."""
    return f"{root}:{name}"


def record_key(root: str, name: str) -> str:
    """Return the state-store key of the record of an effect."""
    return f"program-effect:{effect_key(root, name)}"


def movement_key(root: str, name: str) -> str:
    """Return the state-store key under which the ledger keeps a payment."""
    return f"{LEDGER}-movement:{effect_key(root, name)}"


def ledger(store: StateStore) -> Ledger:
    """Return the ledger of the programs' payments, with an account each."""
    return Ledger(store, LEDGER, lambda _: OPENING)


def member(root: str) -> str:
    """Return who gets the assignments and notifications of a program."""
    return f"{root.replace(':', '.')}@example.com"


def amount(effect: Effect) -> int:
    """Return what a payment takes: of all, each decimal digit says how often one was taken."""
    return 10 ** (effect.id % 15) if effect.kind is EffectKind.PAYMENT else 0
