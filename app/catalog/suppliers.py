"""Who speaks for a supplier."""

from sqlmodel import Session, select

from app.accounts.actor import Actor
from app.accounts.models import Person
from app.accounts.permissions import Permission, Role
from app.accounts.service import add_person
from app.catalog.models import Supplier, SupplierUser
from app.core.errors import NotAllowed, NotFound


def require_supplier(session: Session, actor: Actor) -> int:
    """The supplier that the actor speaks for. Raises `NotAllowed` for everybody else."""
    actor.require(Permission.SUPPLY)
    supplier_id = session.scalar(select(SupplierUser.supplier_id).where(SupplierUser.person_id == actor.person_id))
    if supplier_id is None:
        raise NotAllowed("Your account speaks for no supplier. Ask the association for the right to.")
    return supplier_id


def add_supplier_user(
    session: Session, actor: Actor, code: str, *, email: str, name: str, locale: str = "fr"
) -> Person:
    """Add somebody who speaks for a supplier."""
    actor.require(Permission.MANAGE_CATALOG)
    supplier = session.exec(select(Supplier).where(Supplier.code == code)).one_or_none()
    if supplier is None or supplier.id is None:
        raise NotFound("There is no such supplier.")
    actor.require(Permission.MANAGE_PEOPLE)
    person = add_person(session, actor, email=email, name=name, roles=(Role.SUPPLIER,), locale=locale)
    assert person.id is not None
    session.add(SupplierUser(person_id=person.id, supplier_id=supplier.id))
    session.flush()
    return person
