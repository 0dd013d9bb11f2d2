"""How often a program may ask: counted for each caller, told in every answer, exact where many ask at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from app.core import clock
from app.core.quota import QuotaWindow, count_request, forget_old_windows
from app.core.settings import get_settings
from tests.factories import NOW, World
from tests.site import Site
from tests.supplying.desk import Desk


@pytest.fixture
def desk(site: Site, world: World) -> Desk:
    return Desk(site, world)


def test_every_answer_tells_where_its_caller_stands(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_settings(), "api_requests_per_minute", 3)
    key = desk.key()
    fine = desk.ask("GET", "/api/v1/supplier/orders", key)
    assert (fine.headers["ratelimit-policy"], fine.headers["ratelimit"]) == ('"minute";q=3;w=60', '"minute";r=2;t=60')
    wrong = desk.ask("GET", "/api/v1/supplier/orders/none", key)
    assert (wrong.status_code, wrong.headers["ratelimit"]) == (404, '"minute";r=1;t=60')
    with clock.frozen(NOW + timedelta(seconds=20.5)):
        unread = desk.ask("POST", "/api/v1/supplier/orders/R1-S1/refusal", key, json={})
        assert (unread.status_code, unread.headers["ratelimit"]) == (422, '"minute";r=0;t=40')
        over = desk.ask("GET", "/api/v1/supplier/orders", key)
    assert (over.status_code, over.json()["code"], over.headers["retry-after"]) == (429, "quota_exceeded", "40")
    assert (over.headers["content-type"], over.headers["ratelimit"]) == (
        "application/problem+json",
        '"minute";r=0;t=40',
    )
    assert desk.ask("GET", "/api/v1/supplier/orders", desk.key("S2")).status_code == 200, "others are not held back"
    with clock.frozen(NOW + timedelta(seconds=60)):
        assert desk.ask("GET", "/api/v1/supplier/orders", key).headers["ratelimit"] == '"minute";r=2;t=60'


def test_wrong_keys_and_strangers_are_counted_too(site: Site, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_settings(), "api_requests_per_minute", 1)
    guess = {"Authorization": "Bearer eng_12345678_guess"}
    assert [site.get("/api/v1/me", headers=guess).status_code for _try in range(2)] == [401, 429]
    assert [site.get("/api/v1/categories").status_code for _try in range(2)] == [200, 429]
    assert "ratelimit" not in site.get("/").headers, "pages are for people"


def test_requests_at_once_are_counted_exactly(own_engine: Engine) -> None:
    def ask(_number: int) -> int:
        with Session(own_engine) as session:
            return count_request(session, "one program", 100).used

    with ThreadPoolExecutor(16) as pool:
        assert sorted(pool.map(ask, range(64))) == list(range(1, 65))


def test_windows_of_the_past_are_forgotten(session: Session) -> None:
    with clock.frozen(NOW):
        count_request(session, "a", 9)
        assert count_request(session, "a", 9).left == 7
    with clock.frozen(NOW + timedelta(minutes=2)):
        forget_old_windows(session)
    session.expire_all()
    assert session.get(QuotaWindow, "a") is None
