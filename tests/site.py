"""The application as tests ask it: over the test's transaction, as whoever they like."""

from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.authentication import SESSION_COOKIE
from app.accounts.models import Person
from app.accounts.sign_in import open_session
from app.main import create_app


@cache
def _application() -> FastAPI:
    """One for all tests of this process: building it takes longer than most of them."""
    return create_app(connections=5)


class Site:
    """Requests share the test's connection: what they commit is rolled back with the test."""

    def __init__(self, session: Session) -> None:
        self.session = session
        bind = session.get_bind()
        self.app = _application()
        self.app.state.open_session = lambda: Session(
            bind=bind, join_transaction_mode="create_savepoint", expire_on_commit=False
        )
        self.client = TestClient(self.app, follow_redirects=False, headers={"Accept-Language": "en"})

    def ask(self, method: str, path: str, actor: Actor | None = None, **options: Any) -> Response:
        """Send a request as `actor` (None for a stranger)."""
        headers = dict(options.pop("headers", {}))
        if actor is not None:
            person = self.session.get_one(Person, actor.require_person())
            kept = [f"{name}={value}" for name, value in self.client.cookies.items()]
            headers["Cookie"] = "; ".join([f"{SESSION_COOKIE}={open_session(self.session, person)}", *kept])
        self.session.commit()
        answer = self.client.request(method, path, headers=headers, **options)
        self.session.expire_all()
        return answer

    def get(self, path: str, actor: Actor | None = None, **options: Any) -> Response:
        """A GET."""
        return self.ask("GET", path, actor, **options)

    def post(self, path: str, actor: Actor | None = None, **options: Any) -> Response:
        """A POST."""
        return self.ask("POST", path, actor, **options)

    def put(self, path: str, actor: Actor | None = None, **options: Any) -> Response:
        """A PUT."""
        return self.ask("PUT", path, actor, **options)
