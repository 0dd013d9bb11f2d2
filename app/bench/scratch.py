"""A database of the benchmark's own, and synthetic data made by the database itself."""

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi.testclient import TestClient
from sqlalchemy import Engine, make_url, text
from sqlmodel import Session, select
from starlette.types import ASGIApp

from app.accounts.authentication import SESSION_COOKIE
from app.accounts.models import Person
from app.accounts.sign_in import open_session
from app.catalog.search import learn_words
from app.catalog.shelf import refresh_listing
from app.core import schema
from app.core.database import create_database, database_url, drop_database, new_engine
from app.orders.consolidation.agreed_terms import freeze_terms


@contextmanager
def scratch_engine(name: str = "engrenages_bench") -> Iterator[Engine]:
    """An engine on a fresh, migrated database beside the application's own; dropped at the end."""
    url = make_url(database_url()).set(database=name).render_as_string(hide_password=False)
    drop_database(url)
    create_database(url)
    engine = new_engine(url)
    try:
        schema.upgrade(engine)
        yield engine
    finally:
        engine.dispose()
        drop_database(url)


def run(session: Session, *statements: str, **parameters: object) -> None:
    """Run statements and commit."""
    for statement in statements:
        used = {name: value for name, value in parameters.items() if f":{name}" in statement}
        session.execute(text(statement), used)
    session.commit()


def make_park(session: Session, companies: int) -> None:
    """An association, a park, companies, and one buyer in each."""
    run(
        session,
        "SELECT setseed(0.42)",
        """
        INSERT INTO associations (id, name, sharing_policy, second_approval_above, price_jump_percent,
            catalog_is_open, version) VALUES (1, 'Bench', 'proportional', 1e9, 20, false, 1)
        """,
        "INSERT INTO parks (code, name, postal_code, city) VALUES ('nord', 'Parc Nord', '', '')",
        """
        INSERT INTO companies (code, name, park_id, postal_code, city, active, version)
        SELECT 'C' || n, 'Firme ' || n, 1, '', '', true, 1 FROM generate_series(1, :companies) n
        """,
        """
        INSERT INTO people (email, name, roles, company_id, locale, active, version)
        SELECT 'p' || n || '@bench.example', 'Personne ' || n, ARRAY['employee'], n, 'fr', true, 1
        FROM generate_series(1, :companies) n
        """,
        "INSERT INTO commission_rules (percent) VALUES (3.5)",
        companies=companies,
    )


def make_offers(session: Session, offers: int, suppliers: int = 20) -> None:
    """Suppliers, a category for every hundred products, products and one offer for each, with packs and three tiers."""
    run(
        session,
        """
        INSERT INTO suppliers (code, name, country, postal_code, city, active, version)
        SELECT 'S' || n, 'Fournisseur ' || n, 'FR', '', '', true, 1 FROM generate_series(1, :suppliers) n
        """,
        "INSERT INTO categories (name) SELECT 'Rayon ' || n FROM generate_series(1, 40) n",
        """
        INSERT INTO products (ref, name, description, category_id, unit, lowest_price)
        SELECT 'P' || n,
            (ARRAY['Gants nitrile','Papier recyclé','Visseuse compacte','Savon liquide','Carton double','Stylo bille',
                'Lampe frontale','Casque antibruit','Chaussures hautes','Ruban adhésif'])[1 + n % 10]
            || ' modèle ' || (n / 10) || ' ' || (ARRAY['bleu','rouge','vert','noir','gris'])[1 + n / 7 % 5],
            'Article courant du parc, numéro ' || n, 1 + n % 40, 'pièce', 5 + n % 300
        FROM generate_series(1, :offers) n
        """,
        """
        INSERT INTO offers (supplier_id, product_id, sku, name, pack_size, min_quantity, lead_time_days, vat_rate,
            eco_contribution, tier_quantities, tier_prices, origin_country, version)
        SELECT 1 + p.id % :suppliers, p.id, 'SKU' || p.id, p.name, (ARRAY[1, 1, 6, 10])[1 + p.id % 4], 1, 3, 20, 0,
            ARRAY[1, 50, 200],
            ARRAY[p.lowest_price, round(p.lowest_price * 0.93, 2), round(p.lowest_price * 0.87, 2)], 'FR', 1
        FROM products p
        """,
        offers=offers,
        suppliers=suppliers,
    )
    refresh_listing(session)
    learn_words(session, session.scalars(text("SELECT name FROM products")))
    session.commit()


def make_round(session: Session, code: str, status: str, lines: int, offers: int, lines_an_order: int = 10) -> int:
    """A round with approved (or, once closed, locked) orders spread over people and offers; its number."""
    order_status = "approved" if status == "open" else "locked"
    run(
        session,
        """
        INSERT INTO rounds (code, name, opens_at, closes_at, status, sharing_policy, version)
        VALUES (:code, :code, now() - interval '7 days', now() + CASE WHEN :status = 'open' THEN interval '7 days'
            ELSE interval '-1 hour' END, :status, 'proportional', 1)
        """,
        """
        INSERT INTO member_orders (reference, round_id, company_id, person_id, park_id, status, placed_at,
            company_reference, version)
        SELECT :code || '-' || n, r.id, p.company_id, p.id, 1, :order_status,
            now() - interval '1 day' - n * interval '1 millisecond', '', 1
        FROM generate_series(1, :orders) n
        JOIN rounds r ON r.code = :code
        JOIN people p ON p.id = 1 + n % (SELECT count(*) FROM people)
        """,
        """
        INSERT INTO order_lines (order_id, offer_id, quantity, tolerance, ceiling_price, if_unfilled)
        SELECT o.id, f.id, 1 + (o.id * 7 + k * 3) % 9, CASE WHEN (o.id + k) % 3 = 0 THEN 2 ELSE 0 END,
            f.tier_prices[1], 'roll_over'
        FROM (
            SELECT m.*, row_number() OVER (ORDER BY m.id) AS nth
            FROM member_orders m JOIN rounds r ON r.id = m.round_id WHERE r.code = :code
        ) o
        CROSS JOIN generate_series(1, :lines_an_order) k
        JOIN offers f ON f.id = 1 + (o.nth * :lines_an_order + k * 977) % :offers
        ON CONFLICT DO NOTHING
        """,
        """
        INSERT INTO round_demand (round_id, offer_id, quantity, tolerance, line_count)
        SELECT o.round_id, l.offer_id, sum(l.quantity), sum(l.tolerance), count(*)
        FROM member_orders o JOIN order_lines l ON l.order_id = o.id JOIN rounds r ON r.id = o.round_id
        WHERE r.code = :code GROUP BY o.round_id, l.offer_id
        """,
        code=code,
        status=status,
        order_status=order_status,
        orders=lines // lines_an_order,
        lines_an_order=lines_an_order,
        offers=offers,
    )
    _analyze(session)
    round_id = int(session.execute(text("SELECT id FROM rounds WHERE code = :code"), {"code": code}).scalar_one())
    if status != "open":
        freeze_terms(session, round_id)
        session.commit()
    return round_id


def _analyze(session: Session) -> None:
    for table in ("member_orders", "order_lines", "offers", "products", "round_demand"):
        session.execute(text(f"ANALYZE {table}"))
    session.commit()


def signed_in(session: Session, app: ASGIApp, email: str) -> TestClient:
    """Somebody who asks the application for pages."""
    person = session.exec(select(Person).where(Person.email == email)).one()
    client = TestClient(app)
    client.cookies.set(SESSION_COOKIE, open_session(session, person))
    return client
