"""Pages to sign in and out, and of one's own account."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.accounts import queries, sign_in
from app.accounts.actor import Actor
from app.accounts.authentication import SESSION_COOKIE, OptionalActor, SignedIn
from app.accounts.models import Person
from app.accounts.permissions import Permission
from app.core.errors import DomainError
from app.core.i18n import LOCALES, say
from app.core.i18n import gettext as _
from app.core.settings import get_settings
from app.web.edge import SessionDep, TransactionRoute
from app.web.forms import local_address
from app.web.rendering import render

router = APIRouter(route_class=TransactionRoute)


def _signed_in(token: str, target: str) -> Response:
    """Go on to a page of ours with the session cookie set."""
    response = RedirectResponse(local_address(target, "/"), 303)
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(sign_in.SESSION_LASTS.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=get_settings().secure_cookies,
    )
    return response


@router.get("/sign-in")
def sign_in_page(request: Request, actor: OptionalActor, next: str = "/") -> Response:  # noqa: A002 - the usual name
    """The sign-in form."""
    return render(request, "accounts/sign_in.html", email="", error=None, next=next)


@router.post("/sign-in")
def sign_in_with_password(
    request: Request,
    session: SessionDep,
    email: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002
) -> Response:
    """Sign in, or show the form again with what was typed."""
    try:
        person = sign_in.check_password(session, email, password, request.client.host if request.client else "")
        error = None if person else _("The address and the password do not go together.")
    except sign_in.TooManyTries as too_many:
        person, error = None, say(too_many)
    if person is None:
        return render(request, "accounts/sign_in.html", status_code=422, email=email, error=error, next=next)
    return _signed_in(sign_in.open_session(session, person, request.headers.get("user-agent", "")), next)


@router.post("/sign-in/mail")
def ask_for_link(request: Request, session: SessionDep, email: Annotated[str, Form()] = "") -> Response:
    """Mail a sign-in link; the answer is the same for unknown addresses."""
    sign_in.mail_link(session, email)
    return render(request, "accounts/link_sent.html", email=email)


@router.get("/sign-in/link")
def confirm_link(request: Request, actor: OptionalActor, token: str = "") -> Response:
    """Ask for one click, so that mail scanners that follow links do not use it up."""
    return render(request, "accounts/link.html", token=token)


@router.post("/sign-in/link")
def use_link(request: Request, session: SessionDep, token: Annotated[str, Form()] = "") -> Response:
    """Sign in by a mailed link."""
    person = sign_in.use_link(session, token)
    opened = sign_in.open_session(session, person, request.headers.get("user-agent", ""), by_link=True)
    return _signed_in(opened, "/")


@router.post("/sign-out")
def sign_out(request: Request, session: SessionDep) -> Response:
    """End this browser's session."""
    sign_in.close_session(session, request.cookies.get(SESSION_COOKIE, ""))
    response = RedirectResponse("/", 303)
    response.delete_cookie(SESSION_COOKIE)
    return response


@router.get("/account")
def account_page(request: Request, session: SessionDep, actor: SignedIn, saved: bool = False) -> Response:
    """One's own account."""
    return _account(request, session, actor, saved=saved)


def _account(
    request: Request, session: Session, actor: Actor, *, error: str | None = None, saved: bool = False, secret: str = ""
) -> Response:
    return render(
        request,
        "accounts/account.html",
        status_code=422 if error else 200,
        keys=queries.list_api_keys(session, actor.require_person()),
        error=error,
        saved=saved,
        secret=secret,
    )


@router.post("/account/password")
def change_password(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    password: Annotated[str, Form(max_length=1000)] = "",
    old_password: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Set a new password; the other browsers are signed out."""
    token = request.cookies.get(SESSION_COOKIE, "")
    try:
        sign_in.change_password(session, actor, token, old_password, password)
    except DomainError as error:
        return _account(request, session, actor, error=say(error))
    return RedirectResponse("/account?saved=true", 303)


@router.post("/account/keys")
def make_key(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    name: Annotated[str, Form(max_length=100)] = "",
    may_write: Annotated[bool, Form()] = False,
    scope: Annotated[list[str], Form()] = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    """Make an API key, for a supplier with the scopes ticked; its text is on this page and nowhere else."""
    if not name.strip():
        return _account(request, session, actor, error=_("A key needs a name."))
    scopes = scope if actor.may(Permission.SUPPLY) else ["read", *(["write"] if may_write else [])]
    try:
        made = sign_in.create_api_key(session, actor, name.strip(), scopes)
    except DomainError as refusal:
        return _account(request, session, actor, error=say(refusal))
    return _account(request, session, actor, secret=made.secret)


@router.post("/account/keys/{key_id}/rotate")
def rotate_key(request: Request, session: SessionDep, actor: SignedIn, key_id: int) -> Response:
    """A new key in the place of one's own; the old one is good for a day more."""
    try:
        made = sign_in.rotate_api_key(session, actor, key_id)
    except DomainError as refusal:
        return _account(request, session, actor, error=say(refusal))
    return _account(request, session, actor, secret=made.secret)


@router.post("/account/keys/{key_id}/revoke")
def revoke_key(session: SessionDep, actor: SignedIn, key_id: int) -> Response:
    """End a key of one's own."""
    sign_in.revoke_api_key(session, actor, key_id)
    return RedirectResponse("/account?saved=true", 303)


@router.post("/account/language")
def change_language(session: SessionDep, actor: SignedIn, locale: Annotated[str, Form()]) -> Response:
    """Choose the language of one's account."""
    if locale in LOCALES:
        session.get_one(Person, actor.require_person()).locale = locale
    return RedirectResponse("/account?saved=true", 303)


@router.post("/account/sign-out-everywhere")
def sign_out_everywhere(session: SessionDep, actor: SignedIn) -> Response:
    """Revoke every session of one's own."""
    sign_in.close_all_sessions(session, actor, actor.require_person())
    return RedirectResponse("/sign-in", 303)
