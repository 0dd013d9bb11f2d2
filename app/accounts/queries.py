"""What lists of parks, companies, people and changes read."""

from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session, col, select

from app.accounts.models import ApiKey, Company, Park, Person
from app.accounts.permissions import Role
from app.core.audit import AuditEntry
from app.core.database import escape_like, row_as
from app.core.events import Question, ask
from app.core.pagination import Page, after_key, decode_cursor, page_of


def list_parks(session: Session) -> list[Park]:
    """Every park, by name."""
    return list(session.exec(select(Park).order_by(col(Park.name), col(Park.id))))


def list_companies(session: Session, cursor: str | None, limit: int) -> Page[Company]:
    """Member companies by name."""
    query = select(Company).order_by(col(Company.name), col(Company.id)).limit(limit + 1)
    after = decode_cursor(cursor, str, int)
    if after:
        query = query.where(after_key((col(Company.name), col(Company.id)), after))
    return page_of(session.exec(query).all(), limit, lambda c: (c.name, c.id))


def list_people(session: Session, cursor: str | None, limit: int, company_id: int | None = None) -> Page[Person]:
    """People by address; of one company if asked."""
    query = select(Person).order_by(col(Person.email), col(Person.id)).limit(limit + 1)
    if company_id is not None:
        query = query.where(Person.company_id == company_id)
    after = decode_cursor(cursor, str, int)
    if after:
        query = query.where(after_key((col(Person.email), col(Person.id)), after))
    return page_of(session.exec(query).all(), limit, lambda p: (p.email, p.id))


def list_approvers(session: Session, company_id: int) -> list[Person]:
    """The approvers of a company, by name."""
    query = select(Person).where(Person.company_id == company_id, col(Person.roles).contains([Role.APPROVER.value]))
    return list(session.exec(query.order_by(col(Person.name), col(Person.id))))


class MemberRow(NamedTuple):
    """A member firm in the association's list."""

    id: int
    code: str
    name: str
    siret: str | None
    park: str
    people_count: int
    order_count: int


def list_members(session: Session, words: str, cursor: str | None, limit: int) -> Page[MemberRow]:
    """Member firms by name; those whose name, code, SIRET or people hold the words, if any are given."""
    after = decode_cursor(cursor, str, int)
    found = """
        AND (c.name ILIKE :words OR c.code ILIKE :words OR c.siret LIKE :words OR EXISTS (
            SELECT FROM people p WHERE p.company_id = c.id AND (p.name ILIKE :words OR p.email ILIKE :words)))
    """
    rows = session.execute(
        text(f"""
            SELECT c.id, c.code, c.name, c.siret, k.name AS park,
                (SELECT count(*) FROM people p WHERE p.company_id = c.id AND p.active) AS people_count
            FROM companies c JOIN parks k ON k.id = c.park_id
            WHERE true {found if words.strip() else ""} {"AND (c.name, c.id) > (:name, :id)" if after else ""}
            ORDER BY c.name, c.id LIMIT :limit
        """),
        {"limit": limit + 1}
        | ({"words": f"%{escape_like(words.strip())}%"} if words.strip() else {})
        | ({"name": after[0], "id": after[1]} if after else {}),
    )
    members = rows.all()
    orders = ask(Question.ORDERS_OF_COMPANIES, session, [row.id for row in members])
    firms = [row_as(MemberRow, row, order_count=orders.get(row.id, 0)) for row in members]
    return page_of(firms, limit, lambda row: (row.name, row.id))


def list_association_people(session: Session) -> list[Person]:
    """The association's own people, by name."""
    query = select(Person).where(
        col(Person.company_id).is_(None), col(Person.active), ~col(Person.roles).contains([Role.SUPPLIER.value])
    )
    return list(session.exec(query.order_by(col(Person.name)).limit(100)))


def list_api_keys(session: Session, person_id: int) -> list[ApiKey]:
    """A person's keys, the newest first."""
    return list(session.exec(select(ApiKey).where(ApiKey.person_id == person_id).order_by(col(ApiKey.id).desc())))


def list_audit_entries(session: Session, cursor: str | None, limit: int) -> Page[AuditEntry]:
    """Changes of state, the newest first."""
    query = select(AuditEntry).order_by(col(AuditEntry.id).desc()).limit(limit + 1)
    after = decode_cursor(cursor, int)
    if after:
        query = query.where(col(AuditEntry.id) < after[0])
    return page_of(session.exec(query).all(), limit, lambda e: (e.id,))
