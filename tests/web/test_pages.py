"""Every page, in both languages: whole, light, and read from the database in a few statements."""

import csv
import gzip
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, text
from sqlmodel import Session

from app.accounts.actor import Actor
from app.web.rendering import STATIC_DIR, package_files, static_url
from tests.factories import Busy, a_busy_world, invoice_something
from tests.site import Site
from tools.messages import read_french

STATEMENTS_A_PAGE = 15
PAGE_LIMIT_BYTES = 100_000


@pytest.fixture
def busy(session: Session, at_now: None) -> Busy:
    return invoice_something(a_busy_world(session))


@contextmanager
def statements(session: Session) -> Iterator[list[str]]:
    """The statements that run on the test's connection meanwhile."""
    ran: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        ran.append(" ".join(statement.split())[:120])

    connection = session.get_bind()
    event.listen(connection, "before_cursor_execute", note)
    try:
        yield ran
    finally:
        event.remove(connection, "before_cursor_execute", note)


def test_the_busy_world_visits_every_page(site: Site, busy: Busy) -> None:
    """Whatever the tests below hold for all pages must hold for a page that is added, too."""
    visited = [path.partition("?")[0] for path, _actor in busy.paths()]
    not_pages = re.compile(
        r"/api/|/static|/health|/live/|/orders/\{order_id\}/|.*/documents/|.*/file$|.*\.json$|.*/fec$"
    )
    for included in site.app.routes:
        for route in getattr(getattr(included, "original_router", None), "routes", [included]):
            path = getattr(route, "path", "")
            if "GET" in (getattr(route, "methods", None) or ()) and not not_pages.match(path):
                pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", path) + "$")
                assert any(pattern.match(one) for one in visited), f"{path} is not in Busy.paths()"


def in_language(busy: Busy, session: Session, locale: str) -> None:
    session.execute(text("UPDATE people SET locale = :locale"), {"locale": locale})
    session.expire_all()


def look(site: Site, path: str, actor: Actor | None, locale: str = "en") -> str:
    answer = site.get(path, actor, headers={"Accept-Language": locale})
    assert answer.status_code == (404 if path == "/nowhere" else 200), f"{path}: {answer.status_code}"
    return answer.text


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_every_page_is_whole_and_in_its_language(site: Site, session: Session, busy: Busy, locale: str) -> None:
    in_language(busy, session, locale)
    # Sentences of at least three words, so that names and codes that both languages share do not count.
    english = {
        m.id
        for m in read_french()
        if isinstance(m.id, str) and m.id.count(" ") >= 2 and "%" not in m.id and "{" not in m.id and m.id != m.string
    }
    for path, actor in busy.paths():
        page = look(site, path, actor, locale)
        assert f'<html lang="{locale}">' in page
        assert page.rstrip().endswith("</html>"), path
        if locale == "fr":
            left = [message for message in english if f">{message}<" in page or f'"{message}"' in page]
            assert left == [], path


def test_no_page_needs_more_than_fifteen_statements(site: Site, session: Session, busy: Busy) -> None:
    counts = {}
    for path, actor in busy.paths():
        with statements(session) as ran:
            look(site, path, actor)
        # Savepoints stand for the transactions that a request has outside tests; signing in is the test's own.
        not_the_pages = (
            "SAVEPOINT",
            "RELEASE",
            "ROLLBACK",
            "INSERT INTO sign_in_sessions",
            "INSERT INTO audit_entries",
        )
        counts[path] = sum(not statement.startswith(not_the_pages) for statement in ran)
    assert {path: count for path, count in counts.items() if count > STATEMENTS_A_PAGE} == {}


def test_no_page_weighs_more_than_100_kb_with_its_styles_and_scripts(site: Site, session: Session, busy: Busy) -> None:
    static = sum(
        len(gzip.compress((package_files().get(name) or STATIC_DIR / name).read_bytes(), 6))
        for name in ("engrenages.css", "engrenages.js", "gear.svg", "htmx.js", "htmx-sse.js")
    )
    for path, actor in busy.paths():
        page = len(gzip.compress(look(site, path, actor).encode(), 6))
        assert page + static < PAGE_LIMIT_BYTES, f"{path}: {page} + {static}"


def test_pages_are_sent_compressed_and_static_files_kept_for_ever(site: Site, busy: Busy) -> None:
    page = site.get("/catalogue", busy.employee, headers={"Accept-Encoding": "gzip"})
    assert page.headers["content-encoding"] == "gzip"
    for name in ("engrenages.css", "htmx.js", "htmx-sse.js", "engrenages.js"):
        answer = site.get(static_url(name))
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert site.get("/static/../main.py").status_code == 404


def test_pages_forbid_foreign_content_and_inline_scripts(site: Site, busy: Busy) -> None:
    for path, actor in busy.paths():
        page = look(site, path, actor)
        assert re.findall(r"<script(?![^>]*src=)", page) == [], path
        assert re.findall(r"\son\w+=|style=|javascript:", page) == [], path
        assert re.findall(r'(?:src|href|action)="(?:https?:)?//', page) == [], path
    policy = site.get("/").headers["content-security-policy"]
    assert policy.startswith("default-src 'self'")
    assert "unsafe" not in policy


def test_every_field_has_a_label_and_every_id_is_there_once(site: Site, busy: Busy) -> None:
    for path, actor in busy.paths():
        page = look(site, path, actor)
        ids = re.findall(r'\sid="([^"]+)"', page)
        assert len(ids) == len(set(ids)), path
        for control in re.findall(r"<(?:input|select|textarea)[^>]*>", page):
            if 'type="hidden"' in control or 'type="checkbox"' in control:
                continue
            found = re.search(r'\sid="([^"]+)"', control)
            labelled = "aria-label" in control or (found and f'for="{found[1]}"' in page)
            assert labelled, f"{path}: {control}"


# Tables that are forms, or that show a part of another page's table, which is taken away there.
NOT_TAKEN_AWAY = (
    r"/products/\d+|/calendar.*|/approvals(/by-mail.*)?|/quick-order|/supplier(-orders/.*)?/receipt/.*|/|/api-docs"
    r"|/sourcing/charter/\d+"
)


def test_every_table_is_taken_away_by_the_link_below_it(site: Site, busy: Busy) -> None:
    taken = 0
    for path, actor in busy.paths():
        page = look(site, path, actor)
        links = [link.replace("&amp;", "&") for link in re.findall(r'href="([^"]*form=csv[^"]*)"', page)]
        if "<table" in page and not re.fullmatch(NOT_TAKEN_AWAY, path):
            assert links, f"{path} has a table and no file of it"
        for link in links:
            answer = site.get(link, actor)
            assert answer.headers["content-type"].startswith("text/csv"), link
            rows = list(csv.reader(answer.content.decode("utf-8-sig").splitlines()))
            assert len(rows) > 1 or "late" in link or link.startswith("/orders"), link
            taken += 1
    assert taken > 30
