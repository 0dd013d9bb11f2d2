"""The association's page of its member firms and their people."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.accounts import join_requests, queries, service, sign_in
from app.accounts.actor import Actor
from app.accounts.authentication import SignedIn
from app.accounts.labels import role_words
from app.accounts.models import Person
from app.accounts.permissions import ASSOCIATION_ROLES, COMPANY_ROLES, Permission, Role
from app.core.errors import DomainError
from app.core.i18n import gettext as _
from app.core.i18n import say
from app.core.pagination import PAGE_SIZE, every_row
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat
from app.web.rendering import render
from app.web.tables import Column, Link, Table

router = APIRouter(route_class=TransactionRoute)
Text = Annotated[str, Form(max_length=200)]


@router.get("/members")
def members_page(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    cursor: str | None = None,
    q: Annotated[str, Query(max_length=100)] = "",
    form: ExportFormat | None = None,
) -> Response:
    """Member firms by name, or those whose name, code, SIRET or people match; `form` gives the list as a file."""
    if form is not None:
        actor.require(Permission.MANAGE_PEOPLE)
        return _members(every_row(lambda at, limit: queries.list_members(session, q, at, limit))).as_file(form)
    return _page(request, session, actor, cursor, q)


def _members(rows: Iterable[queries.MemberRow]) -> Table:
    columns = [Column(_("Firm")), Column(_("Code")), Column(_("Park")), Column("SIRET")]
    columns += [Column(_("People"), "number"), Column(_("Orders"), "number")]
    return Table(
        "members",
        columns,
        (
            (Link(row.name, f"/members/{row.id}"), row.code, row.park, row.siret, row.people_count, row.order_count)
            for row in rows
        ),
    )


def _people(company: str, rows: Iterable[Person]) -> Table:
    columns = [Column(_("Person")), Column(_("Mail address")), Column(_("Role")), Column(_("Limit"), "money")]
    return Table(
        f"people-{company}",
        columns,
        ((p.name, p.email, ", ".join(role_words()[role] for role in p.roles), p.order_limit) for p in rows),
    )


def _page(
    request: Request, session: Session, actor: Actor, cursor: str | None = None, q: str = "", error: str | None = None,
    typed: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    actor.require(Permission.MANAGE_PEOPLE)
    page = queries.list_members(session, q, cursor, PAGE_SIZE)
    return render(
        request,
        "accounts/members.html",
        status_code=422 if error else 200,
        page=page,
        table=_members(page.items),
        parks=queries.list_parks(session),
        requests=join_requests.open_requests(session),
        own_people=queries.list_association_people(session),
        roles=sorted(ASSOCIATION_ROLES) if actor.may(Permission.GRANT_ROLES) else [],
        q=q,
        error=error,
        typed=typed or {},
    )


@router.get("/members/{company_id}")
def company_page(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    company_id: int,
    cursor: str | None = None,
    form: ExportFormat | None = None,
) -> Response:
    """One firm and its people; `form` gives them as a file."""
    if form is not None:
        actor.require(Permission.MANAGE_PEOPLE)
        rows = every_row(lambda at, limit: queries.list_people(session, at, limit, company_id))
        return _people(service.get_company(session, company_id).code, rows).as_file(form)
    return _company(request, session, actor, company_id, cursor)


def _company(
    request: Request, session: Session, actor: Actor, company_id: int, cursor: str | None = None,
    error: str | None = None, typed: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    actor.require(Permission.MANAGE_PEOPLE)
    company = service.get_company(session, company_id)
    people = queries.list_people(session, cursor, PAGE_SIZE, company_id)
    return render(
        request,
        "accounts/member.html",
        status_code=422 if error else 200,
        company=company,
        page=people,
        table=_people(company.code, people.items),
        roles=sorted(COMPANY_ROLES),
        error=error,
        typed=typed or {},
    )


@router.post("/members")
def add_company(
    request: Request, session: SessionDep, actor: SignedIn, park_id: Annotated[int, Form()],
    code: Text = "", name: Text = "", siret: Text = "",
) -> Response:  # fmt: skip
    """Add a member firm."""
    try:
        with session.begin_nested():
            company = service.create_company(
                session, actor, code=code.strip().upper(), name=name.strip(), park_id=park_id, siret=siret or None
            )
    except DomainError as refusal:
        typed = {"code": code, "name": name, "siret": siret}
        return _page(request, session, actor, error=say(refusal), typed=typed)
    return RedirectResponse(f"/members/{company.id}", 303)


@router.post("/members/{company_id}/people")
def invite_buyer(
    request: Request, session: SessionDep, actor: SignedIn, company_id: int, role: Annotated[Role, Form()],
    email: Text = "", name: Text = "",
) -> Response:  # fmt: skip
    """Invite somebody of a firm; an approver orders too."""
    roles = [Role.EMPLOYEE, Role.APPROVER] if role is Role.APPROVER else [role]
    try:
        with session.begin_nested():
            added = service.add_person(
                session, actor, email=email, name=name.strip(), roles=roles, company_id=company_id
            )
            sign_in.invite_all(session, [added])
    except DomainError as refusal:
        typed = {"email": email, "name": name}
        return _company(request, session, actor, company_id, error=say(refusal), typed=typed)
    return RedirectResponse(f"/members/{company_id}", 303)


@router.post("/association/people")
def invite_own(
    request: Request, session: SessionDep, actor: SignedIn, role: Annotated[Role, Form()],
    email: Text = "", name: Text = "",
) -> Response:  # fmt: skip
    """Invite somebody to the association's own staff."""
    try:
        with session.begin_nested():
            added = service.add_person(session, actor, email=email, name=name.strip(), roles=[role])
            sign_in.invite_all(session, [added])
    except DomainError as refusal:
        return _page(request, session, actor, error=say(refusal), typed={"email": email, "person_name": name})
    return RedirectResponse("/members", 303)
