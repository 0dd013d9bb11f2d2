"""Tokens for programs: OAuth 2.0 client credentials, as RFC 6749 has them."""

from typing import Annotated, Literal

from fastapi import Form, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from app.accounts.sign_in import TOKEN_LASTS, issue_token
from app.core.database import sandbox
from app.core.errors import InvalidInput
from app.core.i18n import say
from app.core.tokens import SANDBOX_KEY_MARK
from app.web.api import api_router
from app.web.bodies import Text
from app.web.edge import ApiRoute, Handler, SessionDep, basic_credentials

router = api_router("supplier")


class _OAuthRoute(ApiRoute):
    """Says of a request that cannot be read what RFC 6749 (section 5.2) has for it."""

    def get_route_handler(self) -> Handler:
        """Answer in the words of OAuth, not as problem details."""
        handle = super().get_route_handler()

        async def in_the_words_of_oauth(request: Request) -> Response:
            try:
                if f"client_secret={SANDBOX_KEY_MARK}".encode() in await request.body():
                    with sandbox():
                        return await handle(request)
                return await handle(request)
            except RequestValidationError as error:
                kinds = {fault["type"] for fault in error.errors()}
                return _oauth_error("unsupported_grant_type" if kinds == {"literal_error"} else "invalid_request", 400)

        return in_the_words_of_oauth


router.route_class = _OAuthRoute


class TokenOut(BaseModel):
    """An access token (RFC 6749, section 5.1)."""

    access_token: str
    token_type: str = "Bearer"
    expires_in: int = Field(description="Seconds")
    scope: str


class OAuthErrorOut(BaseModel):
    """Why no token is given (RFC 6749, section 5.2)."""

    error: str = Field(examples=["invalid_client"])
    error_description: str


@router.post(
    "/supplier/token",
    response_model=TokenOut,
    responses={
        400: {"model": OAuthErrorOut, "description": "Not a request that this endpoint takes"},
        401: {"model": OAuthErrorOut, "description": "Unknown, revoked or expired key"},
    },
)
def get_token(
    session: SessionDep,
    grant_type: Annotated[Literal["client_credentials"], Form()],
    scope: Annotated[Text, Form(description="Some of the key's scopes, parted by blanks; empty: all")] = "",
    client_id: Annotated[Text, Form(description="The key's prefix, where HTTP Basic is not used")] = "",
    client_secret: Annotated[Text, Form(description="The key's whole text")] = "",
    authorization: Annotated[str | None, Header(description="HTTP Basic: prefix and text of the key")] = None,
) -> Response:
    """An access token for an API key: OAuth 2.0 client credentials (RFC 6749, section 4.4)."""
    given = basic_credentials(authorization or "") or (client_id, client_secret)
    try:
        issued = issue_token(session, *given, scope.split())
    except InvalidInput as error:
        return _oauth_error("invalid_scope", 400, say(error))
    if issued is None:
        return _oauth_error("invalid_client", 401)
    token, granted = issued
    body = TokenOut(access_token=token, expires_in=int(TOKEN_LASTS.total_seconds()), scope=" ".join(granted))
    return JSONResponse(body.model_dump(), headers={"Cache-Control": "no-store"})


def _oauth_error(error: str, status: int, description: str = "") -> JSONResponse:
    headers = {"Cache-Control": "no-store"} | ({"WWW-Authenticate": "Basic"} if status == 401 else {})
    return JSONResponse({"error": error, "error_description": description}, status, headers)
