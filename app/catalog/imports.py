"""Importing suppliers and offers from files, set-wise: stage by COPY, compare, then write what differs.

A dry run does all but the writing, and reports the same: what is new, what changes, what is gone from the file,
and prices that jump.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.accounts.service import get_association
from app.catalog.columns import OFFER_COLUMNS, OWN_OFFER_COLUMNS, SUPPLIER_COLUMNS, doubts_of
from app.catalog.import_report import LISTED, Difference, ImportReport, PriceJump
from app.catalog.models import Supplier
from app.catalog.net_content import measure_of
from app.catalog.outbox import tell_of_changed_offers
from app.catalog.price_moves import any_rises_beyond, moves_beyond, percent_moved, rises
from app.catalog.search import learn_words
from app.catalog.shelf import refresh_listing
from app.catalog.supplier_offers import offers_in_demand
from app.catalog.suppliers import require_supplier
from app.core import audit
from app.core.bulk_copy import copy_rows
from app.core.database import rows_as
from app.core.i18n import marked
from app.core.tabular import TableReader


def import_suppliers(
    session: Session, actor: Actor, reader: TableReader, *, dry_run: bool = False, skip_bad_rows: bool = False
) -> ImportReport:
    """Import a suppliers file (columns of FORMATS.md). Raises `BadFile` unless bad rows are to be skipped."""
    actor.require(Permission.MANAGE_CATALOG)
    _stage(
        session,
        "staged_suppliers",
        "line integer, code text, name text, country text, postal_code text, city text, minimum_order numeric(14,2),"
        " free_delivery_from numeric(14,2), delivery_fee numeric(14,2), street text, siret text, vat_number text,"
        " email text",
        ([line, *values] for line, values in reader),
    )
    _reject_duplicates(session, reader, "staged_suppliers", "code", "supplier_code")
    report = ImportReport.begin(reader, dry_run=dry_run, skip_bad_rows=skip_bad_rows)
    # What a file leaves blank of these it does not know: the stored value stays.
    session.execute(
        text("""
            UPDATE staged_suppliers s SET street = coalesce(nullif(s.street, ''), t.street),
                siret = coalesce(nullif(s.siret, ''), t.siret),
                vat_number = coalesce(nullif(s.vat_number, ''), t.vat_number),
                email = coalesce(nullif(s.email, ''), t.email)
            FROM suppliers t WHERE t.code = s.code
        """)
    )
    session.execute(text("UPDATE staged_suppliers SET email = nullif(email, '')"))
    compared = (
        *("name", "country", "postal_code", "city", "minimum_order", "free_delivery_from", "delivery_fee"),
        *("street", "siret", "vat_number", "email"),
    )
    old, new = (", ".join(f"{side}.{column}" for column in compared) for side in ("t", "s"))
    changed = f"({old}) IS DISTINCT FROM ({new})"
    _compare(session, report, "staged_suppliers s LEFT JOIN suppliers t ON t.code = s.code", "s.code", changed)
    if not dry_run:
        columns = ", ".join(compared)
        updates = ", ".join(f"{column} = excluded.{column}" for column in compared)
        session.execute(
            text(
                f"INSERT INTO suppliers AS t (code, {columns}, active, version)"
                f" SELECT code, {columns}, true, 1 FROM staged_suppliers ORDER BY line"
                f" ON CONFLICT (code) DO UPDATE SET {updates}, version = t.version + 1"
                f" WHERE ({old}) IS DISTINCT FROM ({new.replace('s.', 'excluded.')})"
            )
        )
        tell_of_changed_offers(session)
        _note(session, actor, "suppliers.imported", report)
    return report


_OFFER_STAGE = (
    "line integer, supplier_code text, sku text, product_ref text, name text, description text, category text,"
    " gtin text, unit text, pack_size integer, min_quantity integer, lead_time_days integer, vat_rate numeric(5,2),"
    " content numeric(14,6), content_unit text, tier_quantities integer[], tier_prices numeric(12,4)[]"
)
_OFFER_TERMS = (
    *("product_id", "name", "gtin", "pack_size", "min_quantity", "lead_time_days", "vat_rate"),
    *("content", "content_unit", "tier_quantities", "tier_prices"),
)
_OFFERS_JOINED = """
    staged_offers s JOIN suppliers u ON u.code = s.supplier_code
    LEFT JOIN products p ON p.ref = s.product_ref
    LEFT JOIN offers t ON t.supplier_id = u.id AND t.sku = s.sku
"""
_OFFER_CHANGED = """
    (t.name, t.gtin, t.pack_size, t.min_quantity, t.lead_time_days, t.vat_rate, t.content, t.content_unit,
     t.tier_quantities, t.tier_prices, t.product_id, t.withdrawn_at)
    IS DISTINCT FROM
    (s.name, s.gtin, s.pack_size, s.min_quantity, s.lead_time_days, s.vat_rate, s.content, s.content_unit,
     s.tier_quantities, s.tier_prices, p.id, NULL::timestamptz)
"""
_PRICES_MOVED = f"""
    SELECT s.line, s.supplier_code || ' ' || s.sku AS code, s.name,
        t.tier_prices[1] AS old_price, s.tier_prices[1] AS new_price
    FROM {_OFFERS_JOINED} WHERE s.tier_prices[1] <> t.tier_prices[1] ORDER BY s.line
"""
_TIERS_MOVED = f"""
    SELECT s.line, t.id AS offer_id, t.tier_quantities AS old_quantities, t.tier_prices AS old_prices,
        s.tier_quantities AS new_quantities, s.tier_prices AS new_prices
    FROM {_OFFERS_JOINED}
    WHERE t.withdrawn_at IS NULL AND (s.tier_quantities, s.tier_prices) <> (t.tier_quantities, t.tier_prices)
    ORDER BY s.line
"""
_GONE = """
    FROM offers t JOIN suppliers u ON u.id = t.supplier_id
    WHERE t.withdrawn_at IS NULL
      AND u.code IN (SELECT supplier_code FROM staged_offers)
      AND NOT EXISTS (SELECT FROM staged_offers s WHERE s.supplier_code = u.code AND s.sku = t.sku)
"""


def import_offers(
    session: Session,
    actor: Actor,
    reader: TableReader,
    *,
    dry_run: bool = False,
    skip_bad_rows: bool = False,
    withdraw_missing: bool = False,
) -> ImportReport:
    """Import an offers file (columns of FORMATS.md).

    Offers of the file's suppliers that it does not name are reported as gone, and withdrawn only when
    `withdraw_missing` is set. Raises `BadFile` unless bad rows are to be skipped.
    """
    actor.require(Permission.MANAGE_CATALOG)
    names: set[str] = set()
    _stage(session, "staged_offers", _OFFER_STAGE, _offer_rows(reader, names))
    _reject_duplicates(session, reader, "staged_offers", "supplier_code, sku", "sku")
    _reject_unknown_suppliers(session, reader)
    return _import_staged(session, actor, reader, names, dry_run, skip_bad_rows, withdraw_missing=withdraw_missing)


def import_own_offers(
    session: Session,
    actor: Actor,
    reader: TableReader,
    *,
    dry_run: bool = False,
    skip_bad_rows: bool = False,
    whole: bool = False,
) -> ImportReport:
    """Import a supplier's own offers (`OWN_OFFER_COLUMNS`); `whole`: what the file leaves out is withdrawn.

    A list price that rises by more than the association's limit is a bad row: the association imports it, or not.
    Products that other suppliers offer too keep their words. Raises `BadFile` unless bad rows are to be skipped.
    """
    supplier = session.get_one(Supplier, require_supplier(session, actor))
    names: set[str] = set()
    _stage(session, "staged_offers", _OFFER_STAGE, _offer_rows(reader, names, supplier.code))
    _reject_duplicates(session, reader, "staged_offers", "sku", "sku")
    _reject_price_rises(session, reader, get_association(session).price_jump_percent)
    return _import_staged(
        session, actor, reader, names, dry_run, skip_bad_rows, withdraw_missing=whole, keep_shared_products=True
    )


def _import_staged(
    session: Session,
    actor: Actor,
    reader: TableReader,
    names: set[str],
    dry_run: bool,
    skip_bad_rows: bool,
    *,
    withdraw_missing: bool,
    keep_shared_products: bool = False,
) -> ImportReport:
    session.execute(text("ANALYZE staged_offers"))
    report = ImportReport.begin(reader, dry_run=dry_run, skip_bad_rows=skip_bad_rows)
    _compare(session, report, _OFFERS_JOINED, "s.supplier_code || ' ' || s.sku", _OFFER_CHANGED)
    _find_gone(session, report)
    _find_price_jumps(session, report, get_association(session).price_jump_percent)
    if not dry_run:
        _write_offers(session, keep_shared_products)
        _count_rows_anew(session)
        if withdraw_missing:
            session.execute(
                text(f"UPDATE offers SET withdrawn_at = now(), version = version + 1 WHERE id IN (SELECT t.id {_GONE})")
            )
        refresh_listing(session)
        learn_words(session, names)
        tell_of_changed_offers(session)
        _note(session, actor, "offers.imported", report)
    return report


def _offer_rows(reader: TableReader, names: set[str], supplier_code: str | None = None) -> Iterable[list[Any]]:
    """Rows of the stage; `supplier_code` stands first where the file has no such column."""
    columns = [column.name for column in (OFFER_COLUMNS if supplier_code is None else OWN_OFFER_COLUMNS)]
    first = [] if supplier_code is None else [supplier_code]
    name_at, unit_at, vat_at = (columns.index(name) for name in ("name", "unit", "vat_rate"))
    for line, values in reader:
        *cells, content, tiers = values
        amount, unit = content or measure_of(values[unit_at]) or (None, None)
        names.add(values[name_at])
        for column, value, why in doubts_of(values[vat_at], tiers):
            reader.doubt(line, column, value, why)
        quantities = ",".join([str(quantity) for quantity, _price in tiers])
        prices = ",".join([str(price) for _quantity, price in tiers])
        yield [line, *first, *cells, amount, unit, f"{{{quantities}}}", f"{{{prices}}}"]


def _write_offers(session: Session, keep_shared_products: bool) -> None:
    """Write categories, products, then offers: only rows that are new or differ, so that a repeated import is quick."""
    session.execute(
        text("INSERT INTO categories (name) SELECT DISTINCT category FROM staged_offers ON CONFLICT (name) DO NOTHING")
    )
    session.execute(
        text("""
            INSERT INTO products AS t (ref, name, description, category_id, unit, lowest_price)
            SELECT fresh.* FROM (
                SELECT DISTINCT ON (s.product_ref)
                    s.product_ref, s.name, s.description, c.id AS category_id, s.unit,
                    min(s.tier_prices[1]) OVER (PARTITION BY s.product_ref)
                FROM staged_offers s JOIN categories c ON c.name = s.category
                ORDER BY s.product_ref, s.line
            ) fresh
            LEFT JOIN products known ON known.ref = fresh.product_ref
            WHERE known.id IS NULL OR (known.name, known.description, known.category_id, known.unit)
                IS DISTINCT FROM (fresh.name, fresh.description, fresh.category_id, fresh.unit)
                AND NOT (:keep_shared AND EXISTS (
                    SELECT FROM offers o JOIN suppliers u ON u.id = o.supplier_id
                    WHERE o.product_id = known.id AND u.code NOT IN (SELECT supplier_code FROM staged_offers)))
            ON CONFLICT (ref) DO UPDATE
            SET name = excluded.name, description = excluded.description,
                category_id = excluded.category_id, unit = excluded.unit
        """),
        {"keep_shared": keep_shared_products},
    )
    terms = ", ".join(_OFFER_TERMS)
    updates = ", ".join(f"{column} = excluded.{column}" for column in _OFFER_TERMS)
    session.execute(
        text(f"""
            INSERT INTO offers AS kept (supplier_id, sku, {terms}, eco_contribution, origin_country, version)
            SELECT u.id, s.sku, p.id, s.name, s.gtin, s.pack_size, s.min_quantity, s.lead_time_days, s.vat_rate,
                s.content, s.content_unit, s.tier_quantities, s.tier_prices, 0, '', 1
            FROM {_OFFERS_JOINED}
            WHERE t.id IS NULL OR {_OFFER_CHANGED}
            ON CONFLICT (supplier_id, sku) DO UPDATE
            SET {updates}, withdrawn_at = NULL, version = kept.version + 1
        """)
    )


def _count_rows_anew(session: Session) -> None:
    """Tell the planner what was just written.

    Where autovacuum looks at the tables while a first import still runs, it sees none of its rows and notes them as
    empty; what follows would then join 100,000 rows to 100,000 one by one.
    """
    session.execute(text("ANALYZE products (id, ref, category_id), offers (supplier_id, product_id)"))


def _stage(session: Session, table: str, columns: str, rows: Iterable[list[Any]]) -> None:
    session.execute(text(f"DROP TABLE IF EXISTS {table}"))
    session.execute(text(f"CREATE TEMPORARY TABLE {table} ({columns}) ON COMMIT DROP"))
    copy_rows(session, f"COPY {table} FROM STDIN", rows)


def _reject_duplicates(session: Session, reader: TableReader, table: str, unique: str, column: str) -> None:
    twice = session.execute(
        text(f"""
            DELETE FROM {table} WHERE line IN (
                SELECT line FROM (
                    SELECT line, row_number() OVER (PARTITION BY {unique} ORDER BY line) AS nth FROM {table}
                ) numbered WHERE nth > 1
            ) RETURNING line, concat_ws(' ', {unique}) AS value
        """)
    )
    for row in twice:
        reader.reject(row.line, column, row.value, "this stands on an earlier line already")


def _reject_unknown_suppliers(session: Session, reader: TableReader) -> None:
    unknown = session.execute(
        text("""
            DELETE FROM staged_offers s
            WHERE NOT EXISTS (SELECT FROM suppliers u WHERE u.code = s.supplier_code)
            RETURNING line, supplier_code
        """)
    )
    for row in unknown:
        reader.reject(row.line, "supplier_code", row.supplier_code, "no such supplier: import it first")


def _reject_price_rises(session: Session, reader: TableReader, limit_percent: Decimal) -> None:
    """Refuse the lines of offers on sale that would cost more than may be, in any tier."""
    moves = session.execute(text(_TIERS_MOVED)).all()
    wanted = offers_in_demand(session, [moved.offer_id for moved in moves])
    risen: dict[int, str] = {}
    for moved in moves:
        old = list(zip(moved.old_quantities, moved.old_prices, strict=True))
        new = list(zip(moved.new_quantities, moved.new_prices, strict=True))
        if moved.offer_id in wanted and rises(old, new):
            risen[moved.line] = marked("members want it in an open round: no price of it rises before the cut-off")
        elif any_rises_beyond(old, new, limit_percent):
            risen[moved.line] = marked("the price rises by more than may be: ask the association")
    session.execute(text("DELETE FROM staged_offers WHERE line = ANY(:lines)"), {"lines": list(risen)})
    for moved in moves:
        if moved.line in risen:
            tiers = zip(moved.new_quantities, moved.new_prices, strict=True)
            value = "|".join(f"{quantity}:{price}" for quantity, price in tiers)
            reader.reject(moved.line, "price_tiers", value, risen[moved.line])


def _compare(session: Session, report: ImportReport, joined: str, code: str, changed: str) -> None:
    counts = session.execute(
        text(f"""
            SELECT count(*) FILTER (WHERE t.id IS NULL) AS new,
                   count(*) FILTER (WHERE t.id IS NOT NULL AND {changed}) AS changed,
                   count(*) FILTER (WHERE t.id IS NOT NULL AND NOT ({changed})) AS unchanged
            FROM {joined}
        """)
    ).one()
    report.new_count, report.changed_count, report.unchanged_count = counts.new, counts.changed, counts.unchanged
    for kind, condition in (("new", "t.id IS NULL"), ("changed", f"t.id IS NOT NULL AND {changed}")):
        rows = session.execute(
            text(f"SELECT {code} AS code, s.name FROM {joined} WHERE {condition} ORDER BY s.line LIMIT {LISTED}")
        )
        setattr(report, kind, rows_as(Difference, rows))


def _find_gone(session: Session, report: ImportReport) -> None:
    report.gone_count = session.execute(text(f"SELECT count(*) {_GONE}")).scalar_one()
    rows = session.execute(
        text(f"SELECT u.code || ' ' || t.sku AS code, t.name {_GONE} ORDER BY u.code, t.sku LIMIT {LISTED}")
    )
    report.gone = rows_as(Difference, rows)


def _find_price_jumps(session: Session, report: ImportReport, limit_percent: Decimal) -> None:
    """Note the list prices that move by more than the limit, those that move most first."""
    jumps = []
    for moved in session.execute(text(_PRICES_MOVED)):
        percent = percent_moved(moved.old_price, moved.new_price)
        if percent is not None and moves_beyond(moved.old_price, moved.new_price, limit_percent):
            jumps.append(PriceJump(moved.code, moved.name, moved.old_price, moved.new_price, percent))
    report.price_jump_count = len(jumps)
    report.price_jumps = sorted(jumps, key=lambda jump: -abs(jump.percent))[:LISTED]


def _note(session: Session, actor: Actor, action: str, report: ImportReport) -> None:
    audit.record(
        session,
        actor.label,
        action,
        get_association(session),
        file=report.file,
        new=report.new_count,
        changed=report.changed_count,
        skipped=report.skipped_count,
    )


__all__ = [
    "OFFER_COLUMNS",
    "SUPPLIER_COLUMNS",
    "ImportReport",
    "import_offers",
    "import_own_offers",
    "import_suppliers",
]
