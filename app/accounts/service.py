"""Use cases about the association, its parks, companies and people."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import Engine, func, text
from sqlmodel import Session, col, select
from stdnum import iban as iban_number
from stdnum.eu import vat
from stdnum.exceptions import ValidationError
from stdnum.fr import siret as siret_number

from app.accounts.actor import Actor
from app.accounts.bank_accounts import ASSOCIATION, Place, iban_holds
from app.accounts.models import Association, Company, Park, Person
from app.accounts.permissions import ASSOCIATION_ROLES, COMPANY_ROLES, Permission, Role
from app.core import audit
from app.core.errors import Conflict, InvalidInput, NotAllowed, NotFound, StaleVersion

_OWN_IBAN = Place(Permission.MANAGE_PEOPLE, "/association")


def get_association(session: Session) -> Association:
    """The association of this installation. Raises `NotFound` before `engrenages init`."""
    association = session.get(Association, 1)
    if association is None:
        raise NotFound("This installation has no association yet. Run: engrenages init", code="not_set_up")
    return association


def set_up_association(session: Session, actor: Actor, name: str) -> Association:
    """Make the association; there is one in an installation."""
    if session.get(Association, 1) is not None:
        raise Conflict("This installation has its association already.", code="already_set_up")
    association = Association(name=name)
    session.add(association)
    session.flush()
    audit.record(session, actor.label, "association.set_up", association, name=name)
    return association


def set_up_installation(
    session: Session, actor: Actor, *, name: str, parks: Mapping[str, str], manager_email: str, manager_name: str
) -> Person:
    """A real association's first run: itself, its parks (name by code) and its first manager, who is returned.

    The manager is purchasing manager, treasurer and administrator, until others join.
    """
    if not name.strip() or not manager_name.strip():
        raise InvalidInput("The association and its manager each need a name.", field="name")
    if not parks:
        raise InvalidInput("An association has one park at least.", field="parks")
    set_up_association(session, actor, name.strip())
    for code, park_name in parks.items():
        create_park(session, actor, code, park_name)
    roles = (Role.PURCHASING_MANAGER, Role.TREASURER, Role.ADMINISTRATOR)
    return add_person(session, actor, email=manager_email, name=manager_name.strip(), roles=roles)


def identify_association(
    session: Session, actor: Actor, *, name: str, street: str, postal_code: str, city: str, siret: str,
    vat_number: str, email: str, iban: str = "",
    creditor_id: str = "",
) -> Association:  # fmt: skip
    """Say who the association is, as documents name it; another IBAN holds once a second person has confirmed it.

    Raises `InvalidInput` for numbers that cannot be.
    """
    actor.require(Permission.MANAGE_PEOPLE)
    if not name.strip():
        raise InvalidInput("The association and its manager each need a name.", field="name")
    if vat_number.strip() and not vat.is_valid(vat_number):
        raise InvalidInput("{number} is not a VAT number.", field="vat_number", number=vat_number)
    association = get_association(session)
    association.creditor_id = "".join(creditor_id.split()).upper()[:35]
    account = check_iban(iban) if iban.strip() else ""
    if iban_holds(session, actor, ASSOCIATION, association.iban, account, _OWN_IBAN):
        association.iban = account
    association.name, association.street = name.strip(), street.strip()
    association.postal_code, association.city = postal_code.strip(), city.strip()
    association.siret = check_siret(siret) or ""
    association.vat_number = str(vat.compact(vat_number)) if vat_number.strip() else ""
    association.email = check_email(email) if email.strip() else ""
    association.version += 1
    audit.record(session, actor.label, "association.identified", association, siret=association.siret)
    return association


def confirm_iban(session: Session, actor: Actor, iban: str) -> None:
    """Give the association's IBAN as a second person."""
    actor.require(Permission.MANAGE_PEOPLE)
    association, account = get_association(session), check_iban(iban)
    if iban_holds(session, actor, ASSOCIATION, association.iban, account, _OWN_IBAN):
        association.iban = account
        association.version += 1
        audit.record(session, actor.label, "iban.set", association, last_digits=account[-4:])


def create_park(session: Session, actor: Actor, code: str, name: str, postal_code: str = "", city: str = "") -> Park:
    """Add a business park."""
    actor.require(Permission.MANAGE_PEOPLE)
    if session.scalar(select(Park.id).where(Park.code == code)):
        raise Conflict("There is a park {park} already.", code="duplicate_park", field="code", park=code)
    park = Park(code=code, name=name, postal_code=postal_code, city=city)
    session.add(park)
    session.flush()
    audit.record(session, actor.label, "park.created", park, code=code)
    return park


def check_siret(siret: str | None) -> str | None:
    """A SIRET in its compact form. Raises `InvalidInput` for wrong check digits (Luhn; La Poste has its own rule)."""
    if not siret:
        return None
    try:
        return str(siret_number.validate(siret))
    except ValidationError as error:
        raise InvalidInput(
            "{siret} is not a SIRET: it has 14 digits, the last of which checks the others.",
            code="bad_siret",
            field="siret",
            siret=siret,
        ) from error


def check_iban(iban: str) -> str:
    """An IBAN in its compact form. Raises `InvalidInput` for wrong check digits (ISO 13616)."""
    if not iban_number.is_valid(iban):
        raise InvalidInput("{number} is not an IBAN.", field="iban", number=iban)
    return str(iban_number.compact(iban))


def create_company(
    session: Session, actor: Actor, *, code: str, name: str, park_id: int, siret: str | None = None,
    street: str = "", postal_code: str = "", city: str = "",
) -> Company:  # fmt: skip
    """Add a member company on a park."""
    actor.require(Permission.MANAGE_PEOPLE)
    if session.get(Park, park_id) is None:
        raise NotFound("There is no such park.", field="park_id")
    compact = check_siret(siret)
    if session.scalar(select(Company.id).where(Company.code == code)):
        raise Conflict("There is a company {company} already.", code="duplicate_company", field="code", company=code)
    if compact:
        _require_free_siret(session, compact)
    company = Company(
        code=code, name=name, park_id=park_id, siret=compact, street=street, postal_code=postal_code, city=city
    )
    session.add(company)
    session.flush()
    audit.record(session, actor.label, "company.created", company, code=code, siret=compact)
    return company


def change_address(
    session: Session, actor: Actor, *, street: str, postal_code: str, city: str, siret: str = ""
) -> Company:
    """Write down where the actor's firm is, as invoices have it; its SIRET too, where none is known yet."""
    actor.require(Permission.MANAGE_COMPANY)
    company = get_company(session, actor.require_company())
    compact = check_siret(siret)
    if company.siret is None and compact:
        _require_free_siret(session, compact)
        company.siret = compact
    company.street, company.postal_code, company.city = street.strip(), postal_code.strip(), city.strip()
    company.version += 1
    session.flush()
    audit.record(session, actor.label, "company.address_changed", company, siret=company.siret)
    return company


def _require_free_siret(session: Session, siret: str) -> None:
    if session.scalar(select(Company.id).where(Company.siret == siret)):
        raise Conflict(
            "A company with the SIRET {siret} is a member already.", code="duplicate_siret", field="siret", siret=siret
        )


def get_company(session: Session, company_id: int) -> Company:
    """A member company. Raises `NotFound`."""
    company = session.get(Company, company_id)
    if company is None:
        raise NotFound("There is no such company.")
    return company


def check_email(email: str) -> str:
    """A well-formed mail address in lower case. Raises `InvalidInput`."""
    try:
        return validate_email(email, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError as error:
        raise InvalidInput("{email} is not a mail address.", code="bad_email", field="email", email=email) from error


def add_person(
    session: Session, actor: Actor, *, email: str, name: str, roles: Iterable[Role], company_id: int | None = None,
    locale: str = "fr", order_limit: Decimal | None = None,
) -> Person:  # fmt: skip
    """Add a person. Buyers belong to a company, the association's people to none.

    Raises `Conflict` where the address is known already, `InvalidInput` where roles and company do not go together,
    `NotAllowed` for a role that the actor may not grant.
    """
    actor.require(Permission.MANAGE_PEOPLE)
    roles = frozenset(roles)
    if not may_grant(actor, roles):
        raise NotAllowed("Only an administrator gives roles of the association.", code="role_not_granted")
    return _add_person(
        session,
        actor,
        email=email,
        name=name,
        roles=roles,
        company_id=company_id,
        locale=locale,
        order_limit=order_limit,
    )


def may_grant(actor: Actor, roles: Iterable[Role]) -> bool:
    """Whether the actor may give these roles: those of the association are an administrator's to give."""
    return actor.may(Permission.GRANT_ROLES) or not ASSOCIATION_ROLES & frozenset(roles)


def invite_colleague(
    session: Session, actor: Actor, *, email: str, name: str, order_limit: Decimal | None = None, approver: bool = False
) -> Person:
    """Add an employee (or approver) to the actor's own company."""
    actor.require(Permission.MANAGE_COMPANY)
    roles = [Role.EMPLOYEE, *([Role.APPROVER] if approver else [])]
    company_id = actor.require_company()
    if not name.strip():
        raise InvalidInput("A person needs a name.", field="name")
    return _add_person(
        session, actor, email=email, name=name.strip(), roles=roles, company_id=company_id, order_limit=order_limit
    )


def _add_person(
    session: Session, actor: Actor, *, email: str, name: str, roles: Iterable[Role], company_id: int | None,
    locale: str = "fr", order_limit: Decimal | None,
) -> Person:  # fmt: skip
    address, role_set = check_email(email), frozenset(roles)
    if find_person(session, address) is not None:
        raise Conflict("{email} has an account already.", code="duplicate_email", field="email", email=address)
    if role_set & COMPANY_ROLES and company_id is None:
        raise InvalidInput("Employees and approvers belong to a company: name it.", field="company_id")
    if role_set & ASSOCIATION_ROLES and company_id is not None:
        raise InvalidInput("People of the association belong to no member company.", field="company_id")
    if company_id is not None and session.get(Company, company_id) is None:
        raise NotFound("There is no such company.", field="company_id")
    person = Person(
        email=address,
        name=name,
        roles=sorted(role_set),
        company_id=company_id,
        locale=locale,
        order_limit=order_limit,
    )
    session.add(person)
    session.flush()
    audit.record(session, actor.label, "person.added", person, email=address, roles=person.roles)
    return person


def find_person(session: Session, email: str) -> Person | None:
    """The person with this address, whatever its capitals."""
    return session.exec(select(Person).where(func.lower(col(Person.email)) == email.lower())).one_or_none()


def check_version(stored: int, expected: int | None) -> None:
    """Raise `StaleVersion` where the caller read another version than the stored one."""
    if expected is not None and stored != expected:
        raise StaleVersion


def change_person(
    session: Session, actor: Actor, person_id: int, *, order_limit: Decimal | None, active: bool,
    expected_version: int | None = None,
) -> Person:  # fmt: skip
    """Set a person's order limit and whether they may sign in.

    The association does it for everyone, an approver for the people of their own company; nobody does it for
    themselves. Who works for the association is switched off and on by an administrator, of whom one stays; a firm's
    approvers by the association, so that none switches off whoever must approve them.
    """
    person = session.get(Person, person_id, with_for_update=True)
    own_company = person is not None and person.company_id is not None and person.company_id == actor.company_id
    if not (own_company and actor.may(Permission.MANAGE_COMPANY)):
        actor.require(Permission.MANAGE_PEOPLE)
    if person is None:
        raise NotFound("There is no such person.")
    check_version(person.version, expected_version)
    if person.id == actor.person_id and (order_limit, active) != (person.order_limit, person.active):
        raise NotAllowed("Nobody changes their own limit or account: somebody else does.", code="own_account")
    if active is not person.active:
        _require_switch(session, actor, person)
    person.order_limit, person.active = order_limit, active
    person.version += 1
    audit.record(session, actor.label, "person.changed", person, order_limit=str(order_limit), active=active)
    return person


def _require_switch(session: Session, actor: Actor, person: Person) -> None:
    """Raise `NotAllowed` or `Conflict` unless the actor may switch somebody's account on or off."""
    roles = frozenset(Role(role) for role in person.roles)
    if not may_grant(actor, roles):
        raise NotAllowed("Only an administrator switches people of the association on or off.", code="role_not_granted")
    if Role.APPROVER in roles and not actor.may(Permission.MANAGE_PEOPLE):
        raise NotAllowed("The association switches approvers on and off: ask it.", code="approver_of_others")
    if Role.ADMINISTRATOR in roles and person.active:
        administrators = session.scalars(
            select(Person.id)
            .where(col(Person.active), col(Person.roles).contains([Role.ADMINISTRATOR.value]))
            .order_by(col(Person.id))
            .with_for_update()
        ).all()
        if set(administrators) <= {person.id}:
            raise Conflict("The last administrator stays: make another one first.", code="last_administrator")


def holds_data(engine: Engine) -> bool:
    """Whether an association was set up in the database."""
    with engine.connect() as connection:
        if connection.scalar(text("SELECT to_regclass('associations')")) is None:
            return False
        return bool(connection.scalar(text("SELECT count(*) FROM associations")))
