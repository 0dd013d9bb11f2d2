"""Suppliers: who speaks for them, where they are, how they are listed."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import text
from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.accounts.models import Person
from app.accounts.permissions import Permission, Role
from app.accounts.service import add_person
from app.catalog.models import Supplier, SupplierUser
from app.core.database import rows_as
from app.core.errors import NotAllowed, NotFound
from app.core.pagination import Page, decode_cursor, page_of
from app.core.places import Place, find_place


def require_supplier(session: Session, actor: Actor) -> int:
    """The supplier that the actor speaks for. Raises `NotAllowed` for everybody else."""
    actor.require(Permission.SUPPLY)
    if actor.supplier_id is not None:
        return actor.supplier_id
    supplier_id = session.scalar(select(SupplierUser.supplier_id).where(SupplierUser.person_id == actor.person_id))
    if supplier_id is None:
        raise NotAllowed("Your account speaks for no supplier. Ask the association for the right to.")
    return supplier_id


def supplier_id_of(session: Session, code: str) -> int:
    """The number of a supplier by its code. Raises `NotFound`."""
    found = session.scalar(select(Supplier.id).where(Supplier.code == code))
    if found is None:
        raise NotFound("There is no such supplier.")
    return found


def add_supplier_user(
    session: Session, actor: Actor, code: str, *, email: str, name: str, locale: str = "fr"
) -> Person:
    """Add somebody who speaks for a supplier."""
    actor.require(Permission.MANAGE_CATALOG)
    supplier_id = supplier_id_of(session, code)
    actor.require(Permission.MANAGE_PEOPLE)
    person = add_person(session, actor, email=email, name=name, roles=(Role.SUPPLIER,), locale=locale)
    assert person.id is not None
    session.add(SupplierUser(person_id=person.id, supplier_id=supplier_id))
    session.flush()
    return person


def addresses_of(session: Session, supplier_ids: Iterable[int]) -> dict[int, list[str]]:
    """Where to write to suppliers: each one's mail address, else those who speak for it; none for the others."""
    rows = session.execute(
        text("""
            SELECT s.id, CASE WHEN s.email <> '' THEN ARRAY[s.email] ELSE coalesce(
                array_agg(p.email ORDER BY p.id) FILTER (WHERE p.active), '{}') END AS addresses
            FROM suppliers s
            LEFT JOIN supplier_users u ON u.supplier_id = s.id
            LEFT JOIN people p ON p.id = u.person_id
            WHERE s.id = ANY(:ids) GROUP BY s.id
        """),
        {"ids": list(supplier_ids)},
    )
    return {row.id: row.addresses for row in rows}


class SupplierRow(NamedTuple):
    """A supplier in a list: where orders go, how many offers can be ordered, who speaks for it."""

    code: str
    name: str
    city: str
    email: str | None
    offer_count: int
    speakers: str
    key_used_at: datetime | None


def list_supplier_rows(session: Session, cursor: str | None, limit: int) -> Page[SupplierRow]:
    """Suppliers by code."""
    after = decode_cursor(cursor, str) or ("",)
    rows = session.execute(
        text("""
            SELECT s.code, s.name, s.city, s.email,
                (SELECT count(*) FROM offers o WHERE o.supplier_id = s.id AND o.withdrawn_at IS NULL) AS offer_count,
                coalesce(string_agg(DISTINCT p.email, ', '), '') AS speakers, max(k.last_used_at) AS key_used_at
            FROM suppliers s
            LEFT JOIN supplier_users u ON u.supplier_id = s.id
            LEFT JOIN people p ON p.id = u.person_id AND p.active
            LEFT JOIN api_keys k ON k.person_id = p.id
            WHERE s.code > :after GROUP BY s.id ORDER BY s.code LIMIT :limit
        """),
        {"after": after[0], "limit": limit + 1},
    )
    return page_of(rows_as(SupplierRow, rows), limit, lambda row: (row.code,))


def list_suppliers(session: Session, cursor: str | None, limit: int) -> Page[Supplier]:
    """Suppliers by code."""
    query = sa.select(Supplier).order_by(col(Supplier.code)).limit(limit + 1)
    after = decode_cursor(cursor, str)
    if after:
        query = query.where(col(Supplier.code) > after[0])
    return page_of(session.scalars(query).all(), limit, lambda supplier: (supplier.code,))


class SupplierPlace(NamedTuple):
    """Where a supplier delivers from."""

    id: int
    name: str
    country: str
    postal_code: str
    city: str

    @property
    def place(self) -> Place | None:
        """On the map; None outside France, or where no address is known."""
        return find_place(self.postal_code, self.city, self.country)


def supplier_places(session: Session, supplier_ids: Sequence[int]) -> list[SupplierPlace]:
    """Where some suppliers deliver from, by name."""
    rows = session.execute(
        sa.select(
            col(Supplier.id), col(Supplier.name), col(Supplier.country), col(Supplier.postal_code), col(Supplier.city)
        )
        .where(col(Supplier.id).in_(supplier_ids))
        .order_by(col(Supplier.name), col(Supplier.id))
    )
    return rows_as(SupplierPlace, rows)
