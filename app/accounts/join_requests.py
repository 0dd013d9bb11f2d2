"""Joining: a firm asks to become a member; the association accepts it, and its first person is invited."""

import re
from datetime import timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.accounts.models import Company, JoinRequest, Park, Person
from app.accounts.permissions import Permission, Role
from app.accounts.service import add_person, check_email, check_siret, create_company
from app.accounts.sign_in import invite_all
from app.core import audit, clock
from app.core.errors import Conflict, InvalidInput, NotFound, TooManyRequests
from app.core.i18n import gettext as _
from app.core.i18n import speaking
from app.notify.letters import Action, queue_letter

REQUESTS_AN_HOUR = 30


def ask_to_join(
    session: Session,
    *,
    firm: str,
    siret: str,
    street: str = "",
    postal_code: str,
    city: str,
    park_id: int,
    contact: str,
    email: str,
    words: str = "",
) -> JoinRequest:
    """Keep a firm's request and tell the purchasing managers. Anybody may ask; a mail address has one open request."""
    if not firm.strip() or not contact.strip():
        raise InvalidInput("Give the firm's name and your own.", field="firm")
    compact, address = check_siret(siret), check_email(email)
    if session.get(Park, park_id) is None:
        raise NotFound("There is no such park.", field="park_id")
    recent = select(func.count()).where(JoinRequest.asked_at > clock.now() - timedelta(hours=1))
    if (session.scalar(recent) or 0) >= REQUESTS_AN_HOUR:
        raise TooManyRequests("Many firms ask at this moment: try again in an hour.")
    if compact and session.scalar(select(Company.id).where(Company.siret == compact)):
        raise Conflict("A company with the SIRET {siret} is a member already.", code="duplicate_siret", siret=compact)
    waiting = select(JoinRequest).where(JoinRequest.email == address, col(JoinRequest.decided_at).is_(None))
    request = session.exec(waiting).first() or JoinRequest(email=address, park_id=park_id, asked_at=clock.now())
    request.firm, request.siret, request.park_id = firm.strip()[:200], compact, park_id
    request.street = street.strip()[:200]
    request.postal_code, request.city = postal_code.strip()[:20], city.strip()[:200]
    request.contact, request.words = contact.strip()[:200], words.strip()[:1000]
    session.add(request)
    session.flush()
    _tell_managers(session, request)
    return request


def _tell_managers(session: Session, request: JoinRequest) -> None:
    managers = select(Person).where(col(Person.roles).contains([Role.PURCHASING_MANAGER.value]), col(Person.active))
    for manager in session.exec(managers.order_by(col(Person.id))):
        with speaking(manager.locale):
            subject = _("{firm} asks to join").format(firm=request.firm)
            queue_letter(session, manager.email, subject, [request.words], Action(_("Look at it"), "/members"))


def open_requests(session: Session) -> list[JoinRequest]:
    """The requests that wait for a decision, the oldest first."""
    query = select(JoinRequest).where(col(JoinRequest.decided_at).is_(None)).order_by(col(JoinRequest.id))
    return list(session.exec(query.limit(100)))


def decide_request(session: Session, actor: Actor, request_id: int, *, accept: bool) -> Company | None:
    """Accept a firm (it becomes a member, its contact its approver, invited by mail), or decline it."""
    actor.require(Permission.MANAGE_PEOPLE)
    request = session.get(JoinRequest, request_id, with_for_update=True)
    if request is None or request.decided_at is not None:
        raise NotFound("There is no such request, or it was decided already.")
    request.decided_at, request.accepted = clock.now(), accept
    audit.record(session, actor.label, "join_request.accepted" if accept else "join_request.declined", request)
    if not accept:
        return None
    company = create_company(
        session,
        actor,
        code=_free_code(session, request.firm),
        name=request.firm,
        park_id=request.park_id,
        siret=request.siret,
        street=request.street,
        postal_code=request.postal_code,
        city=request.city,
    )
    roles = [Role.EMPLOYEE, Role.APPROVER]
    person = add_person(session, actor, email=request.email, name=request.contact, roles=roles, company_id=company.id)
    invite_all(session, [person])
    return company


def _free_code(session: Session, firm: str) -> str:
    """A short code out of a firm's name, with a number behind where it is in use."""
    begin = re.sub(r"[^A-Z0-9]+", "-", firm.upper()).strip("-")[:20] or "FIRME"
    taken = set(session.scalars(select(Company.code).where(col(Company.code).startswith(begin))))
    codes = [begin, *(f"{begin}-{number}" for number in range(2, len(taken) + 3))]
    return next(code for code in codes if code not in taken)
