"""From a request to its actor: an API key in `Authorization: Bearer`, or the session cookie of a browser."""

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.accounts.sign_in import actor_of_key, actor_of_session
from app.core.errors import NotAllowed, NotSignedIn
from app.core.i18n import set_locale
from app.web.edge import SessionDep

SESSION_COOKIE = "engrenages_session"
SUPPLIERS_API = "/api/v1/supplier/"

_bearer = HTTPBearer(auto_error=False, description="An API key: `eng_…`", scheme_name="ApiKey")
_cookie = APIKeyCookie(name=SESSION_COOKIE, auto_error=False, scheme_name="SignedInBrowser")


def optional_actor(
    request: Request,
    session: SessionDep,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    cookie: Annotated[str | None, Security(_cookie)],
) -> Actor | None:
    """Who asks, or None for a stranger.

    Raises `NotSignedIn` for a wrong key, `NotAllowed` for one used beyond what it is for.
    Known people are answered in their own language.
    """
    actor = None
    if bearer is not None:
        actor = actor_of_key(session, bearer.credentials)
        if actor is None:
            raise NotSignedIn("This API key is not known, or was revoked.", code="bad_api_key")
        if request.method not in {"GET", "HEAD"} and not actor.may_write:
            raise NotAllowed("This API key may only read.", code="read_only_key")
        if actor.may(Permission.SUPPLY) and not request.url.path.startswith(SUPPLIERS_API):
            raise NotAllowed("A supplier's key is for the suppliers' API alone.", code="insufficient_scope")
    elif cookie:
        actor = actor_of_session(session, cookie)
        if actor is not None:
            set_locale(actor.locale)
    request.state.actor = actor
    return actor


def signed_in_actor(actor: Annotated[Actor | None, Depends(optional_actor)]) -> Actor:
    """Who asks. Raises `NotSignedIn` for a stranger."""
    if actor is None:
        raise NotSignedIn("Sign in first, or send an API key.")
    return actor


OptionalActor = Annotated[Actor | None, Depends(optional_actor)]
SignedIn = Annotated[Actor, Depends(signed_in_actor)]
