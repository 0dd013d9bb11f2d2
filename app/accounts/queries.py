"""What lists of parks, companies, people and changes read."""

from sqlmodel import Session, col, select

from app.accounts.models import ApiKey, Company, Park, Person
from app.core.audit import AuditEntry
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
