"""Importing people, and the companies they name, from a file; each new person is invited by mail."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import func, insert
from sqlalchemy import text as sql
from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.accounts.models import Company, Park, Person
from app.accounts.permissions import ASSOCIATION_ROLES, COMPANY_ROLES, Permission, Role
from app.accounts.service import check_email, check_siret, get_association, may_grant
from app.accounts.sign_in import invite_all
from app.core import audit
from app.core.errors import Conflict, InvalidInput
from app.core.file_report import FileReport
from app.core.i18n import marked
from app.core.tabular import Column, Cure, TableReader, decimal, one_of, text

_ROLES = ", ".join(role.value for role in Role)


def _roles(value: str) -> frozenset[Role]:
    """Roles parted by `|`."""
    try:
        return frozenset(Role(word.strip()) for word in value.split("|"))
    except ValueError:
        raise Cure("roles parted by |, out of: {roles}", roles=_ROLES) from None


def _email(value: str) -> str:
    try:
        return check_email(value)
    except InvalidInput:
        raise Cure("a mail address, such as claire@atelier.example") from None


def _siret(value: str) -> str | None:
    try:
        return check_siret(value)
    except InvalidInput:
        raise Cure("a SIRET: 14 digits, the last of which checks the others") from None


PEOPLE_COLUMNS = (
    Column("email", _email),
    Column("name", text()),
    Column("company_code", text(40), required=False, default=""),
    Column("company_name", text(), required=False, default=""),
    Column("siret", _siret, required=False),
    Column("park", text(40), required=False, default=""),
    Column("roles", _roles, required=False, default=frozenset({Role.EMPLOYEE})),
    Column("locale", one_of("fr", "en"), required=False, default="fr"),
    Column("order_limit", decimal(2), required=False),
)


class _PersonRow(NamedTuple):
    email: str
    name: str
    company_code: str
    company_name: str
    siret: str | None
    park: str
    roles: frozenset[Role]
    locale: str
    order_limit: Decimal | None


@dataclass(kw_only=True)
class PeopleImportReport(FileReport):
    """What importing people did, or in a dry run would do."""

    invited_count: int = 0
    new_company_count: int = 0
    known_count: int = 0


def import_people(
    session: Session, actor: Actor, reader: TableReader, *, dry_run: bool = False, skip_bad_rows: bool = False
) -> PeopleImportReport:
    """Import a people file: who is new is added and invited, who is known by address stays as they are.

    A company that is named with its park and unknown yet is added. Raises `BadFile` unless bad rows are to be skipped.
    """
    actor.require(Permission.MANAGE_PEOPLE)
    parks = {park.code: park.id for park in session.exec(select(Park))}
    companies: dict[str, int | None] = {c.code: c.id for c in session.execute(select(Company.code, Company.id))}
    sirets = {siret for siret in session.exec(select(Company.siret)) if siret}
    rows = list(_sound_rows(reader, _Known(actor, set(parks), set(companies), sirets)))
    known = set(
        session.exec(select(func.lower(Person.email)).where(func.lower(Person.email).in_([r.email for r in rows])))
    )
    new = [row for row in rows if row.email not in known]
    # The first row that names a new company says where it is.
    unknown_companies: dict[str, _PersonRow] = {}
    for row in new:
        if row.company_code and row.company_code not in companies:
            unknown_companies.setdefault(row.company_code, row)
    report = PeopleImportReport.begin(
        reader,
        dry_run=dry_run,
        skip_bad_rows=skip_bad_rows,
        invited_count=len(new),
        new_company_count=len(unknown_companies),
        known_count=len(rows) - len(new),
    )
    if not dry_run and new:
        companies |= _add_companies(session, list(unknown_companies.values()), parks)
        _add_people(session, new, companies)
        audit.record(
            session, actor.label, "people.imported", get_association(session), file=reader.name, invited=len(new)
        )
    return report


@dataclass
class _Known:
    """What rows are checked against: what the database has, and what earlier rows of the file bring."""

    actor: Actor
    parks: set[str]
    companies: set[str]
    sirets: set[str]
    emails: set[str] = field(default_factory=set)

    def faults_of(self, row: _PersonRow) -> Iterator[tuple[str, str, str]]:
        """What is wrong with a row: column, value, cure."""
        if row.email in self.emails:
            yield "email", row.email, marked("this address stands on an earlier line already")
        if not may_grant(self.actor, row.roles):
            yield "roles", "|".join(sorted(row.roles)), marked("only an administrator gives roles of the association")
        if row.roles & COMPANY_ROLES and not row.company_code:
            yield "company_code", "", marked("employees and approvers belong to a company: name it")
        if row.roles & ASSOCIATION_ROLES and row.company_code:
            yield (
                "company_code",
                row.company_code,
                marked("people of the association belong to no company: leave it empty"),
            )
        if row.company_code and row.company_code not in self.companies:
            if row.park not in self.parks:
                yield "park", row.park, marked("a new company sits on a park: give the code of one that exists")
            if row.siret in self.sirets:
                yield "siret", str(row.siret), marked("another company has this SIRET")

    def learn(self, row: _PersonRow) -> None:
        """Take in what a sound row brings."""
        self.emails.add(row.email)
        if row.company_code and row.company_code not in self.companies:
            self.companies.add(row.company_code)
            if row.siret:
                self.sirets.add(row.siret)


def _sound_rows(reader: TableReader, known: _Known) -> Iterator[_PersonRow]:
    """The rows that can be taken; what is wrong with the others goes to the reader."""
    for line, values in reader:
        row = _PersonRow(*values)
        faults = list(known.faults_of(row))
        for fault in faults:
            reader.reject(line, *fault)
        if not faults:
            known.learn(row)
            yield row


def _add_companies(session: Session, rows: list[_PersonRow], parks: dict[str, int | None]) -> dict[str, int | None]:
    if not rows:
        return {}
    made = session.execute(
        insert(Company).returning(col(Company.code), col(Company.id)),
        [
            {
                "code": row.company_code,
                "name": row.company_name or row.company_code,
                "siret": row.siret,
                "park_id": parks[row.park],
            }
            for row in rows
        ],
    )
    return {row.code: row.id for row in made}


def _add_people(session: Session, rows: list[_PersonRow], companies: dict[str, int | None]) -> None:
    people = session.scalars(
        insert(Person).returning(Person),
        [
            {
                "email": row.email,
                "name": row.name,
                "roles": sorted(row.roles),
                "company_id": companies[row.company_code] if row.company_code else None,
                "locale": row.locale,
                "order_limit": row.order_limit,
            }
            for row in rows
        ],
    ).all()
    invite_all(session, people)


def add_people_of_staged_orders(session: Session) -> None:
    """Add the firms and employees that the temporary table `staged_orders` names and nobody knows, without a sign-in.

    Its columns are those of an orders file, with `line`. Raises `Conflict` where there is no park to put them on.
    """
    if session.scalar(select(Park.id).limit(1)) is None:
        raise Conflict("There is no park yet: make one first (engrenages init).", code="no_park")
    session.execute(
        sql("""
            INSERT INTO companies (code, name, park_id, postal_code, city, active, version)
            SELECT DISTINCT ON (s.company_code) s.company_code, coalesce(nullif(s.company_name, ''), s.company_code),
                coalesce(p.id, (SELECT min(id) FROM parks)), '', '', true, 1
            FROM staged_orders s LEFT JOIN parks p ON p.code = s.park
            ORDER BY s.company_code, s.line
            ON CONFLICT (code) DO NOTHING
        """)
    )
    session.execute(
        sql("""
            INSERT INTO people (email, name, roles, company_id, locale, active, version)
            SELECT DISTINCT ON (lower(s.employee_email)) lower(s.employee_email),
                initcap(translate(split_part(s.employee_email, '@', 1), '._-', '   ')),
                ARRAY[:employee], c.id, 'fr', true, 1
            FROM staged_orders s JOIN companies c ON c.code = s.company_code
            ORDER BY lower(s.employee_email), s.line
            ON CONFLICT (lower(email)) DO NOTHING
        """),
        {"employee": Role.EMPLOYEE.value},
    )
