"""Pages of the company's approver."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.authentication import SignedIn
from app.accounts.models import Person
from app.accounts.queries import list_people
from app.core.errors import DomainError
from app.core.i18n import gettext as _
from app.core.i18n import say, set_locale
from app.core.pagination import PAGE_SIZE, Page, every_row
from app.orders.ordering import approvals, deputies
from app.orders.ordering.approval_links import find_approval_link
from app.orders.ordering.approvals import decide_by_link
from app.orders.ordering.models.company import ApprovalLink
from app.orders.ordering.pages import company_tables
from app.orders.ordering.queries import deputies as deputy_queries
from app.orders.ordering.queries import orders as order_queries
from app.web.edge import SessionDep, TransactionRoute
from app.web.rendering import render

router = APIRouter(route_class=TransactionRoute)


@router.get("/approvals")
def approvals_page(request: Request, session: SessionDep, actor: SignedIn, cursor: str | None = None) -> Response:
    """Orders that wait for this approver, and the company's budgets."""
    return _page(request, session, actor, cursor)


def _page(
    request: Request, session: Session, actor: Actor, cursor: str | None = None, error: str | None = None, **typed: str
) -> Response:
    company_id = actor.require_company()

    def everybody(at: str | None, limit: int) -> Page[Person]:
        return list_people(session, at, limit, company_id)

    return render(
        request,
        "ordering/approvals.html",
        status_code=422 if error else 200,
        page=order_queries.list_waiting(session, actor, cursor, PAGE_SIZE),
        budgets=company_tables.budgets(session, actor),
        deputies=deputy_queries.deputies_of(session, actor),
        colleagues=[p for p in every_row(everybody) if p.active and p.id != actor.person_id],
        error=error,
        typed=typed,
    )


@router.post("/approvals/deputies")
def name_deputy(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    deputy_id: Annotated[int, Form(ge=1, le=2_147_483_647)],
    first_day: Annotated[str, Form(max_length=10)] = "",
    last_day: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Let a colleague stand in."""
    try:
        first, last = date.fromisoformat(first_day), date.fromisoformat(last_day)
        with session.begin_nested():
            deputies.name_deputy(session, actor, deputy_id=deputy_id, first_day=first, last_day=last)
    except DomainError as refusal:
        error = say(refusal)
    except ValueError:
        error = _("Standing in needs a first and a last day.")
    else:
        return RedirectResponse("/approvals#deputies", 303)
    return _page(request, session, actor, error=error, first_day=first_day, last_day=last_day)


@router.post("/approvals/deputies/{deputy_id}/end")
def end_deputy(session: SessionDep, actor: SignedIn, deputy_id: int) -> Response:
    """Let them stand in no longer."""
    deputies.end_deputy(session, actor, deputy_id)
    return RedirectResponse("/approvals#deputies", 303)


@router.get("/approvals/by-mail")
def decide_by_mail_page(request: Request, session: SessionDep, token: str = "") -> Response:
    """The order that a mailed link is about, and the two buttons: a scanner that follows links decides nothing."""
    return _by_mail(request, session, find_approval_link(session, token), token=token)


@router.post("/approvals/by-mail")
def decide_by_mail(
    request: Request,
    session: SessionDep,
    token: Annotated[str, Form()],
    decision: Annotated[str, Form(pattern="^(approve|reject)$")],
    comment: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Decide by a mailed link."""
    link = find_approval_link(session, token)
    decide_by_link(session, token, approve=decision == "approve", comment=comment)
    return _by_mail(request, session, link, decided=True)


def _by_mail(
    request: Request, session: Session, link: ApprovalLink, *, token: str = "", decided: bool = False
) -> Response:
    set_locale(session.get_one(Person, link.person_id).locale)
    return render(
        request,
        "ordering/approve_by_mail.html",
        actor=None,
        order=order_queries.get_order_row(session, link.order_id),
        lines=order_queries.list_order_lines(session, link.order_id, None, 200).items,
        token=token,
        decided=decided,
    )


@router.post("/approvals/{order_id}")
def decide(
    session: SessionDep,
    actor: SignedIn,
    order_id: int,
    decision: Annotated[str, Form()],
    comment: Annotated[str, Form(max_length=500)] = "",
    version: Annotated[int | None, Form()] = None,
) -> Response:
    """Approve or reject."""
    approvals.decide_order(
        session, actor, order_id, approve=decision == "approve", comment=comment, expected_version=version
    )
    return RedirectResponse("/approvals" if actor.company_id else f"/orders/{order_id}", 303)
