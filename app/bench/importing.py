"""Importing 100,000 offers from a file, against a bare COPY of the same rows into tables of the same shape."""

import tempfile
from pathlib import Path

from sqlalchemy import Engine, text
from sqlmodel import Session

from app.accounts.actor import SYSTEM
from app.bench.measure import Measurement, against
from app.bench.scratch import make_park, run
from app.catalog.imports import OFFER_COLUMNS, import_offers
from app.core.database import psycopg_connection
from app.core.tabular import TableReader

OFFERS = 100_000
_WORDS = ("gants", "papier", "visseuse", "savon", "carton", "stylo", "lampe", "casque", "chaussures", "ruban")
_PRODUCT_COLUMNS = "id, ref, name, description, category_id, unit, lowest_price"


def measure(session: Session, _engine: Engine, scale: float) -> list[Measurement]:
    """A first import, and the same file again, each against the COPY."""
    offers = int(OFFERS * scale)
    make_park(session, 1)
    run(
        session,
        """
        INSERT INTO suppliers (code, name, country, postal_code, city, active, version)
        SELECT 'S' || n, 'Fournisseur ' || n, 'FR', '', '', true, 1 FROM generate_series(0, 19) n
        """,
    )
    with tempfile.TemporaryDirectory(prefix="engrenages-bench-") as folder:
        path = Path(folder) / "offers.csv"
        _write(path, offers)
        return _measure(session, path, offers)


def _measure(session: Session, path: Path, offers: int) -> list[Measurement]:
    def ours() -> None:
        import_offers(session, SYSTEM, TableReader(path, OFFER_COLUMNS))
        session.commit()

    ours()
    products = _copy_out(session, f"SELECT {_PRODUCT_COLUMNS} FROM products")
    stored_offers = _copy_out(session, "SELECT * FROM offers")
    run(
        session,
        "CREATE TABLE bare_products (LIKE products INCLUDING ALL)",
        "CREATE TABLE bare_offers (LIKE offers INCLUDING ALL)",
    )

    def bare_copy() -> None:
        _copy_in(session, f"COPY bare_products ({_PRODUCT_COLUMNS}) FROM STDIN", products)
        _copy_in(session, "COPY bare_offers FROM STDIN", stored_offers)
        session.commit()

    def empty() -> None:
        run(session, "TRUNCATE bare_products, bare_offers", "TRUNCATE offers, products, search_words CASCADE")

    def empty_bare() -> None:
        run(session, "TRUNCATE bare_products, bare_offers")

    empty()
    against_copy = f"at most 6 × a bare COPY of the same {offers:,} products and offers, same indexes and checks"
    first = against("import", f"first import; {against_copy}", ours, bare_copy, factor=6, runs=2, between=empty)
    ours()
    empty_bare()
    again = against(
        "import_again", f"the same file again; {against_copy}", ours, bare_copy, factor=6, runs=2, between=empty_bare
    )
    return [first, again]


def _write(path: Path, offers: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(column.name for column in OFFER_COLUMNS) + "\n")
        for i in range(offers):
            price = 5 + i % 300
            file.write(
                f"S{i % 20},SKU{i},P{i},{_WORDS[i % 10]} modèle {i // 10},Article courant numéro {i},Rayon {i % 40},,"
                f"pièce,{(1, 6, 10)[i % 3]},1,3,20,,1:{price}.90|50:{price}.40|200:{price}.10\n"
            )


def _copy_out(session: Session, query: str) -> bytes:
    with psycopg_connection(session).cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT".encode()) as copy:
        return b"".join(bytes(block) for block in copy)


def _copy_in(session: Session, statement: str, rows: bytes) -> None:
    session.execute(text("SELECT 1"))
    with psycopg_connection(session).cursor() as cursor, cursor.copy(statement.encode()) as copy:
        copy.write(rows)
