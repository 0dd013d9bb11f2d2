"""For whom a program asks, and whether its key is for that."""

from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.permissions import Scope
from app.catalog.suppliers import require_supplier


def supplier_within(session: Session, actor: Actor, scope: Scope) -> int:
    """The supplier that the actor speaks for. Raises `NotAllowed` for others, and for a key without the scope."""
    actor.require_scope(scope)
    return require_supplier(session, actor)
