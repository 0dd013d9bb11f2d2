"""The files of FORMATS.md for orders, and consolidating from files alone, by the rules that rounds use."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from app.catalog.columns import OFFER_COLUMNS, SUPPLIER_COLUMNS
from app.catalog.terms import PriceTier, SupplierTerms, Terms
from app.core.tabular import Column, TableReader, integer, text
from app.orders.consolidation.rules import DemandLine, OfferOutcome, consolidate_offer
from app.orders.ordering.order_columns import ORDER_COLUMNS
from app.orders.rounds.sharing_policy import SharingPolicy

# Scores of offers by the charter, for the optimiser.
SCORE_COLUMNS = (Column("supplier_code", text(40)), Column("sku", text(80)), Column("score", integer(0, 100)))

OfferKey = tuple[str, str]


class OrderRow(NamedTuple):
    """One line of an orders file."""

    order_ref: str
    company_code: str
    company_name: str
    employee_email: str
    park: str
    placed_at: datetime
    supplier_code: str
    sku: str
    quantity: int
    tolerance: int
    ceiling_price: Decimal | None
    if_unfilled: str

    @property
    def offer_key(self) -> OfferKey:
        """The offer that the line is about."""
        return (self.supplier_code, self.sku)


@dataclass(frozen=True)
class OrderBook:
    """Suppliers, offers with their products, and order lines, every reference resolved.

    `fixed`: positions of the rows that no other offer of their product may serve.
    """

    suppliers: dict[str, SupplierTerms]
    terms: dict[OfferKey, Terms]
    products: dict[OfferKey, str]
    rows: list[OrderRow]
    unknown_columns: dict[str, list[str]]
    fixed: frozenset[int] = frozenset()


def read_order_book(suppliers: Path, offers: Path, orders: Path) -> OrderBook:
    """Read the three files of FORMATS.md. Raises `BadFile` naming every bad cell of the first bad file."""
    supplier_reader = TableReader(suppliers, SUPPLIER_COLUMNS)
    suppliers_read = _read_suppliers(supplier_reader)
    supplier_reader.stop_if_bad()

    offer_reader = TableReader(offers, OFFER_COLUMNS)
    terms: dict[OfferKey, Terms] = {}
    products: dict[OfferKey, str] = {}
    names = [column.name for column in OFFER_COLUMNS]
    supplier_at, sku_at, product_at, pack_at, minimum_at, tiers_at = (
        names.index(name)
        for name in ("supplier_code", "sku", "product_ref", "pack_size", "min_quantity", "price_tiers")
    )
    for line, row in offer_reader:
        offer = (row[supplier_at], row[sku_at])
        if row[supplier_at] not in suppliers_read:
            offer_reader.reject(
                line, "supplier_code", row[supplier_at], "no such supplier in {file}", file=suppliers.name
            )
        elif offer in terms:
            offer_reader.reject(line, "sku", row[sku_at], "this supplier has this SKU on another line already")
        else:
            tiers = tuple(PriceTier(*tier) for tier in row[tiers_at])
            terms[offer] = Terms(row[pack_at], row[minimum_at], tiers)
            products[offer] = row[product_at]
    offer_reader.stop_if_bad()

    order_reader = TableReader(orders, ORDER_COLUMNS)
    rows = list(_order_rows(order_reader, terms, offers.name))
    order_reader.stop_if_bad()
    readers = (supplier_reader, offer_reader, order_reader)
    unknown_columns = {r.name: r.unknown_columns for r in readers if r.unknown_columns}
    return OrderBook(suppliers_read, terms, products, rows, unknown_columns)


def read_scores(path: Path, book: OrderBook) -> dict[OfferKey, int]:
    """Scores by the charter of a book's offers: columns supplier_code, sku, score. Raises `BadFile`."""
    reader = TableReader(path, SCORE_COLUMNS)
    scores: dict[OfferKey, int] = {}
    for line, (supplier_code, sku, score) in reader:
        key = (supplier_code, sku)
        if key not in book.terms:
            reader.reject(line, "sku", f"{supplier_code} {sku}", "no such offer in {file}", file="--offers")
        elif key in scores:
            reader.reject(line, "sku", sku, "this supplier has this SKU on another line already")
        else:
            scores[key] = score
    reader.stop_if_bad()
    return scores


def _read_suppliers(reader: TableReader) -> dict[str, SupplierTerms]:
    names = [column.name for column in SUPPLIER_COLUMNS]
    terms_at = [names.index(name) for name in ("minimum_order", "free_delivery_from", "delivery_fee")]
    suppliers: dict[str, SupplierTerms] = {}
    for line, row in reader:
        if row[0] in suppliers:
            reader.reject(line, "supplier_code", row[0], "this value stands on another line already")
        suppliers[row[0]] = SupplierTerms(*(row[at] for at in terms_at))
    return suppliers


def _order_rows(reader: TableReader, terms: dict[OfferKey, Terms], offers_name: str) -> Iterator[OrderRow]:
    seen: set[tuple[str, str, str]] = set()
    for line, values in reader:
        row = OrderRow(*values)
        line_key = (row.order_ref, row.supplier_code, row.sku)
        if row.offer_key not in terms:
            reader.reject(line, "sku", f"{row.supplier_code} {row.sku}", "no such offer in {file}", file=offers_name)
        elif line_key in seen:
            reader.reject(line, "sku", row.sku, "this order has this offer on another line already: add them up")
        else:
            seen.add(line_key)
            yield row


class OfferResult(NamedTuple):
    """The outcome of one offer and the rows it came from, by their position in the file."""

    offer_key: OfferKey
    terms: Terms
    positions: list[int]
    outcome: OfferOutcome


def consolidate_book(book: OrderBook, policy: SharingPolicy) -> Iterator[OfferResult]:
    """Consolidate every offer that has demand, one after the other, sorted by supplier code, then SKU."""
    positions: defaultdict[OfferKey, list[int]] = defaultdict(list)
    for position, row in enumerate(book.rows):
        positions[row.offer_key].append(position)
    for offer_key in sorted(positions):
        terms = book.terms[offer_key]
        lines = demand_of(book, positions[offer_key])
        yield OfferResult(offer_key, terms, positions[offer_key], consolidate_offer(terms, lines, policy))


def demand_of(book: OrderBook, positions: Iterable[int]) -> list[DemandLine]:
    """The rows at some positions as lines of demand."""
    rows = (book.rows[position] for position in positions)
    return [
        DemandLine(
            row.order_ref, row.placed_at, row.quantity, row.tolerance, ceiling_of(row, book.terms[row.offer_key])
        )
        for row in rows
    ]


def ceiling_of(row: OrderRow, terms: Terms) -> Decimal:
    """The highest unit price that a row takes: where it says none, the first tier of the offer it chose."""
    return terms.tiers[0].unit_price if row.ceiling_price is None else row.ceiling_price
