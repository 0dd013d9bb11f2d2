"""The association's own page: who it is, as documents name it, and the rules of its house."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.accounts import service
from app.accounts.actor import Actor
from app.accounts.authentication import SignedIn
from app.accounts.bank_accounts import ASSOCIATION, asked_changes, refuse_change
from app.accounts.permissions import Permission
from app.core.errors import DomainError
from app.core.i18n import say
from app.web.edge import SessionDep, TransactionRoute
from app.web.rendering import render

router = APIRouter(route_class=TransactionRoute)
Text = Annotated[str, Form(max_length=200)]


@router.get("/association")
def association_page(request: Request, session: SessionDep, actor: SignedIn, saved: bool = False) -> Response:
    """Name, address, SIRET, VAT number."""
    return _page(request, session, actor, saved=saved)


def _page(
    request: Request, session: Session, actor: Actor, error: str | None = None, saved: bool = False,
    typed: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    actor.require(Permission.MANAGE_PEOPLE)
    association = service.get_association(session)
    return render(
        request,
        "accounts/association.html",
        status_code=422 if error else 200,
        shown=association.model_dump() | (typed or {}),
        error=error,
        saved=saved,
        asked=asked_changes(session, of_association=True),
    )


@router.post("/association/iban")
def decide_iban(
    session: SessionDep, actor: SignedIn, iban: Text = "", refuse: Annotated[bool, Form()] = False
) -> Response:
    """Confirm the account that somebody else asked for, or leave it as it is."""
    if refuse:
        refuse_change(session, actor, ASSOCIATION, Permission.MANAGE_PEOPLE)
    else:
        service.confirm_iban(session, actor, iban)
    return RedirectResponse("/association?saved=true", 303)


@router.post("/association")
def change(
    request: Request, session: SessionDep, actor: SignedIn, name: Text = "", street: Text = "", postal_code: Text = "",
    city: Text = "", siret: Text = "", vat_number: Text = "", email: Text = "", iban: Text = "", creditor_id: Text = "",
) -> Response:  # fmt: skip
    """Change it; what was typed stays where it cannot be."""
    typed = {"name": name, "street": street, "postal_code": postal_code, "city": city, "siret": siret}
    typed |= {"vat_number": vat_number, "email": email, "iban": iban, "creditor_id": creditor_id}
    try:
        with session.begin_nested():
            service.identify_association(session, actor, **typed)
    except DomainError as refusal:
        return _page(request, session, actor, say(refusal), typed=typed)
    return RedirectResponse("/association?saved=true", 303)
