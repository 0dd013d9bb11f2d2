"""A stream that tells open pages when the group's demand of a round moved (server-sent events, WHATWG HTML)."""

import asyncio
import time
from collections.abc import AsyncIterator
from functools import partial

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import StreamingResponse
from sqlalchemy import text
from starlette.concurrency import run_in_threadpool

from app.accounts.authentication import SESSION_COOKIE
from app.accounts.sign_in import actor_of_session
from app.catalog.service import require_prices

router = APIRouter(include_in_schema=False)

LOOK_EVERY_SECONDS = 2.0
_STREAM_LASTS_SECONDS = 600.0  # then the browser asks again, and is known again
_Mark = tuple[int, int, int] | None


class _Pulse:
    """The demand of each round as last seen by this process: many pages watching ask the database once."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.seen: dict[str, tuple[float, _Mark]] = {}
        self.lock = asyncio.Lock()

    async def mark_of(self, code: str) -> _Mark:
        """A mark that changes when the round's demand does; at most one look every two seconds."""
        async with self.lock:
            looked_at, mark = self.seen.get(code, (0.0, None))
            if time.monotonic() - looked_at >= LOOK_EVERY_SECONDS:
                mark = await run_in_threadpool(self._look, code)
                self.seen[code] = (time.monotonic(), mark)
            return mark

    def _look(self, code: str) -> _Mark:
        with self.app.state.open_session() as session:
            row = session.execute(
                text("""
                    SELECT r.version, coalesce(sum(d.line_count), 0), coalesce(sum(d.quantity), 0)
                    FROM rounds r LEFT JOIN round_demand d ON d.round_id = r.id
                    WHERE r.code = :code GROUP BY r.version
                """),
                {"code": code},
            ).one_or_none()
            return tuple(row) if row else None


def _check_caller(request: Request) -> None:
    with request.app.state.open_session() as session:
        token = request.cookies.get(SESSION_COOKIE, "")
        require_prices(session, actor_of_session(session, token) if token else None)


@router.get("/live/rounds/{code}")
async def watch_round(request: Request, code: str) -> StreamingResponse:
    """Tell `demand` whenever the demand of a round moves."""
    await run_in_threadpool(partial(_check_caller, request))
    if not hasattr(request.app.state, "pulse"):
        request.app.state.pulse = _Pulse(request.app)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(request.app.state.pulse, code), media_type="text/event-stream", headers=headers)


async def _events(pulse: _Pulse, code: str) -> AsyncIterator[str]:
    mark = await pulse.mark_of(code)
    yield "retry: 3000\n\n"
    until = time.monotonic() + _STREAM_LASTS_SECONDS
    while time.monotonic() < until and mark is not None:
        await asyncio.sleep(LOOK_EVERY_SECONDS)
        now = await pulse.mark_of(code)
        yield "event: demand\ndata: moved\n\n" if now != mark else ": still here\n\n"
        mark = now
