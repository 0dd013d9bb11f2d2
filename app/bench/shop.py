"""The shop and the manager's screens at full size against the same at a small size: they must be as quick."""

from itertools import count

from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from sqlmodel import Session

from app.bench.measure import Measurement, against, worst_of
from app.bench.scratch import make_offers, make_park, make_round, run, scratch_engine, signed_in
from app.main import create_app

OFFERS, ROUND_OFFERS, ROUND_LINES = 100_000, 5_000, 100_000
_RUNS = 9
_ROUND_PAGES = ("", "/orders", "/consolidation", "/allocations", "/allocations?only_unfilled=true")


class _Site:
    """The application over one scratch database, asked as a buyer and as the manager."""

    def __init__(self, session: Session, engine: Engine, offers: int, round_offers: int, lines: int) -> None:
        make_park(session, 500)
        make_offers(session, offers)
        make_round(session, "live", "open", lines, round_offers)
        run(
            session,
            """
            INSERT INTO people (email, name, roles, locale, active, version)
            VALUES ('manager@bench.example', 'Claire', ARRAY['purchasing_manager'], 'fr', true, 1)
            """,
        )
        app = create_app(lambda: Session(engine, expire_on_commit=False), 10)
        self.buyer = signed_in(session, app, "p1@bench.example")
        self.manager = signed_in(session, app, "manager@bench.example")
        session.commit()
        self.numbers = count(1)

    def read(self, path: str, client: TestClient | None = None) -> None:
        """Ask for a page and insist that it is there."""
        answer = (client or self.buyer).get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"

    def check_out(self) -> None:
        """Put three offers into the cart and place the order."""
        number = next(self.numbers)
        for k in range(3):
            path = f"/api/v1/rounds/live/cart/lines/{1 + (number * 3 + k) % 40}"
            answer = self.buyer.put(path, json={"quantity": 2})
            assert answer.status_code == 200, answer.text
        answer = self.buyer.post(f"/api/v1/orders/{answer.json()['id']}/submit", json={})
        assert answer.status_code == 200, answer.text


def measure(session: Session, engine: Engine, scale: float) -> list[Measurement]:
    """Catalogue, search, checkout and the round's pages."""
    offers, lines = max(int(OFFERS * scale), 2000), max(int(ROUND_LINES * scale), 1000)
    with scratch_engine("engrenages_bench_small") as small_engine, Session(small_engine) as small_session:
        large = _Site(session, engine, offers, min(ROUND_OFFERS, offers), lines)
        small = _Site(small_session, small_engine, 1000, 50, 500)
        return [*_shop(large, small, session, offers), *_round_pages(large, small, lines)]


# What a shop without a search index asks for one page of results: the page, and the counts beside it.
_PLAIN_SEARCH = (
    "SELECT id, name, lowest_price FROM products WHERE {found} ORDER BY name, id LIMIT 25",
    "SELECT category_id, count(*) FROM products WHERE {found} GROUP BY category_id",
    """
    SELECT o.supplier_id, count(DISTINCT o.product_id) FROM offers o JOIN products ON products.id = o.product_id
    WHERE o.withdrawn_at IS NULL AND {found} GROUP BY o.supplier_id
    """,
)


def _plain_search(session: Session, *words: str) -> None:
    found = " AND ".join(f"(products.name ILIKE '%{word}%' OR products.description ILIKE '%{word}%')" for word in words)
    for statement in _PLAIN_SEARCH:
        session.execute(text(statement.format(found=found))).all()
    session.commit()


def _shop(large: _Site, small: _Site, session: Session, offers: int) -> list[Measurement]:
    than_small = f"{offers:,} offers; at most 2 × the same over 1,000"
    measured = [
        against(
            name,
            f"{what}, {than_small}",
            lambda path=path: large.read(path),  # type: ignore[misc]
            lambda path=path: small.read(path),  # type: ignore[misc]
            factor=2,
            runs=_RUNS,
        )
        for name, what, path in (
            ("catalogue", "catalogue page", "/catalogue"),
            ("catalogue_by_price", "catalogue by price, in one category", "/catalogue?sort=price&category=3"),
        )
    ]
    measured += [
        against(
            name,
            f"{what}, whole page, {offers:,} offers; at most the bare ILIKE statements for right spelling",
            lambda path=path: large.read(path),  # type: ignore[misc]
            lambda: _plain_search(session, "lampe", "vert"),
            factor=1,
            runs=_RUNS,
        )
        for name, what, path in (
            ("search", "search of two words", "/catalogue?q=lampe+vert"),
            ("search_misspelt", "search with a typing error in each word", "/catalogue?q=lanpe+frontqle"),
        )
    ]
    checkout = against(
        "checkout",
        f"three lines and the order into a round of full size, {than_small}",
        large.check_out,
        small.check_out,
        factor=2,
        runs=_RUNS,
    )
    return [*measured, checkout]


def _round_pages(large: _Site, small: _Site, lines: int) -> list[Measurement]:
    """Each page of the round while it is open, and of its consolidation once it is closed; the worst one counts."""
    for site in (large, small):
        for step in ("close", "consolidate"):
            answer = site.manager.post(f"/api/v1/rounds/live/{step}")
            assert answer.status_code == 200, answer.text
    measured = [
        against(
            f"/round{path}",
            "",
            lambda path=path: large.read(f"/rounds/live{path}", large.manager),  # type: ignore[misc]
            lambda path=path: small.read(f"/rounds/live{path}", small.manager),  # type: ignore[misc]
            factor=2,
            runs=_RUNS,
        )
        for path in _ROUND_PAGES
    ]
    what = f"pages of a round of {lines:,} lines, at most 2 × the same of 500 lines"
    return [worst_of("round_pages", what, measured)]
