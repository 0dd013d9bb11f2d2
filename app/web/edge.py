"""The edge: one request is one transaction, committed before the answer leaves.

`TransactionRoute` opens the session, runs the route and commits. `ApiRoute` adds idempotency keys: the answer is
kept in the same transaction as the work, so that a repeated POST is answered and never done twice.
"""

import base64
import hashlib
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from anyio import CapacityLimiter
from fastapi import Depends, Request, Response
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams

from app.core.database import in_sandbox, sandbox
from app.core.errors import InvalidInput, TooManyRequests
from app.core.idempotency import IdempotencyRecord, claim_key, store_answer
from app.core.quota import WINDOW, Quota, count_request
from app.core.settings import get_settings
from app.core.tokens import SANDBOX_KEY_MARK, SANDBOX_TOKEN_MARK
from app.web.routes import DeferredRoute

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def session_of(request: Request) -> Session:
    """The session of this request's transaction."""
    session: Session = request.state.session
    return session


SessionDep = Annotated[Session, Depends(session_of)]


async def _body_of(request: Request) -> bytes:
    return await request.body()


RawBody = Annotated[bytes, Depends(_body_of)]  # as it was sent: signatures are of its bytes


class TransactionRoute(DeferredRoute):
    """Runs its endpoint in one transaction.

    No more requests run at once than there are connections: waiting for one inside would block those that hold them.
    """

    def get_route_handler(self) -> Handler:
        """Wrap FastAPI's handler into a transaction."""
        handle = super().get_route_handler()

        async def in_one_transaction(request: Request) -> Response:
            limiter: CapacityLimiter = request.app.state.limiter
            async with limiter:
                session: Session = request.app.state.open_session()
                request.state.session = session
                try:
                    response = await self.answer(request, session, handle)
                    await run_in_threadpool(session.commit)
                except BaseException:
                    await run_in_threadpool(session.rollback)
                    raise
                finally:
                    request.state.session = None
                    await run_in_threadpool(session.close)
                return response

        return in_one_transaction

    async def answer(self, request: Request, session: Session, handle: Handler) -> Response:
        """Answer inside the transaction."""
        return await handle(request)


class ApiRoute(TransactionRoute):
    """A transaction within the caller's quota, whose POST may carry an `Idempotency-Key`.

    As draft-ietf-httpapi-ratelimit-headers-10 and draft-ietf-httpapi-idempotency-key-header have them. A key of the
    sandbox is answered from there.
    """

    in_schema = True

    def get_route_handler(self) -> Handler:
        """Wrap the transaction into a count of the caller's requests, which is told in every answer, errors too."""
        handle = super().get_route_handler()

        async def within_quota(request: Request) -> Response:
            if not in_sandbox() and _names_sandbox_key(request.headers.get("authorization", "")):
                with sandbox():
                    return await within_quota(request)
            async with request.app.state.limiter:
                quota = await run_in_threadpool(_count, request)
            request.state.answer_headers = {
                "RateLimit-Policy": f'"minute";q={quota.limit};w={int(WINDOW.total_seconds())}',
                "RateLimit": f'"minute";r={quota.left};t={quota.seconds_left}',
            }
            if quota.is_exceeded:
                raise TooManyRequests(
                    "{limit} requests a minute are answered. Ask again in {seconds} s.",
                    code="quota_exceeded",
                    limit=quota.limit,
                    seconds=quota.seconds_left,
                    retry_after_seconds=quota.seconds_left,
                )
            return await handle(request)

        return within_quota

    async def answer(self, request: Request, session: Session, handle: Handler) -> Response:
        """Answer a repeated key from the record, anything else from the endpoint."""
        _refuse_repeated(request.query_params)
        key = request.headers.get("idempotency-key", "")
        if request.method != "POST" or not key:
            return await handle(request)
        if len(key) > 255:
            raise InvalidInput("An Idempotency-Key has at most 255 characters.", field="Idempotency-Key")
        caller = _digest(request.headers.get("authorization", "") + request.headers.get("cookie", ""))
        asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode() + await request.body()
        record = await run_in_threadpool(claim_key, session, caller, key, _digest(asked))
        if record is not None:
            return _replay(record)
        response = await handle(request)
        body, location = bytes(response.body), response.headers.get("location")
        await run_in_threadpool(store_answer, session, caller, key, response.status_code, body, location)
        return response


def _count(request: Request) -> Quota:
    """Count a request for its key or token, or for a stranger's address, in a transaction of its own."""
    credentials = request.headers.get("authorization") or request.headers.get("cookie")
    caller = _digest(credentials) if credentials else f"from {request.client.host if request.client else ''}"
    with request.app.state.open_session() as session:
        return count_request(session, caller, get_settings().api_requests_per_minute)


def basic_credentials(authorization: str) -> tuple[str, str] | None:
    """Name and secret of HTTP Basic (RFC 7617), both empty where they cannot be read; None for another scheme."""
    kind, _blank, encoded = authorization.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        name, _colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return name, secret


def _names_sandbox_key(authorization: str) -> bool:
    """Whether a request comes with a key, or a token, of the sandbox: their texts begin otherwise than real ones."""
    given = basic_credentials(authorization)
    credentials = given[1] if given else authorization.partition(" ")[2]
    return credentials.startswith((SANDBOX_KEY_MARK, SANDBOX_TOKEN_MARK))


def _refuse_repeated(parameters: QueryParams) -> None:
    """No parameter is a list: of two values one would be passed over unseen."""
    for name in parameters:
        if len(parameters.getlist(name)) > 1:
            raise InvalidInput("Give {name} once.", field=name, name=name)


def _replay(record: IdempotencyRecord) -> Response:
    headers = {"Idempotency-Replayed": "true"}
    if record.location:
        headers["Location"] = record.location
    return Response(record.body, record.status_code or 200, headers, media_type="application/json")


def _digest(value: str | bytes) -> str:
    return hashlib.sha256(value.encode() if isinstance(value, str) else value).hexdigest()
