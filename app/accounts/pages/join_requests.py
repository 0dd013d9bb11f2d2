"""Pages of joining: a firm asks, with its name and address out of the company register; the association decides."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.accounts import join_requests, queries
from app.accounts.authentication import OptionalActor, SignedIn
from app.accounts.company_register import look_up_firm
from app.core.errors import DomainError
from app.core.i18n import gettext as _
from app.core.i18n import say
from app.web.edge import SessionDep, TransactionRoute
from app.web.rendering import render

router = APIRouter(route_class=TransactionRoute)
Text = Annotated[str, Form(max_length=200)]


@router.get("/join")
def join_page(request: Request, session: SessionDep, actor: OptionalActor) -> Response:
    """The form to ask, which begins with the SIRET."""
    return _page(request, session)


def _page(
    request: Request, session: Session, *, error: str | None = None, note: str | None = None, **typed: str
) -> Response:
    return render(
        request,
        "accounts/join.html",
        status_code=422 if error else 200,
        actor=None,
        parks=queries.list_parks(session),
        error=error,
        note=note,
        typed=typed,
    )


@router.post("/join/look-up")
def look_up(request: Request, session: SessionDep, siret: Text = "") -> Response:
    """Fill the form in from the company register, or say that it must be typed."""
    try:
        firm = look_up_firm(siret)
    except DomainError as refusal:
        return _page(request, session, error=say(refusal), siret=siret)
    if firm is None:
        note = _("The register has no such establishment: type the firm by hand, or look at the number again.")
        return _page(request, session, note=note, siret=siret)
    note = "" if firm.open else _("The register says that this establishment is closed.")
    found = {"firm": firm.name, "street": firm.street, "postal_code": firm.postal_code, "city": firm.city}
    return _page(request, session, note=note, siret=firm.siret, **found)


@router.post("/join")
def ask(
    request: Request, session: SessionDep, park_id: Annotated[int, Form()], firm: Text = "", siret: Text = "",
    street: Text = "", postal_code: Text = "", city: Text = "", contact: Text = "", email: Text = "",
    words: Annotated[str, Form(max_length=1000)] = "",
) -> Response:  # fmt: skip
    """Ask to join; what was typed stays where it cannot be taken."""
    typed = {"firm": firm, "siret": siret, "street": street, "postal_code": postal_code, "city": city}
    typed |= {"contact": contact, "email": email, "words": words}
    try:
        with session.begin_nested():
            join_requests.ask_to_join(session, park_id=park_id, **typed)
    except DomainError as refusal:
        return _page(request, session, error=say(refusal), **typed)
    return render(request, "accounts/joined.html", actor=None, firm=firm)


@router.post("/join-requests/{request_id}")
def decide(
    session: SessionDep,
    actor: SignedIn,
    request_id: int,
    decision: Annotated[str, Form(pattern="^(accept|decline)$")],
) -> Response:
    """Accept a firm or decline it."""
    company = join_requests.decide_request(session, actor, request_id, accept=decision == "accept")
    return RedirectResponse(f"/members/{company.id}" if company else "/members", 303)
