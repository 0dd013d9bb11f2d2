"""The files of FORMATS.md for orders, and consolidating from files alone, by the rules that rounds use."""

import csv
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from app.catalog.exchange import OFFER_COLUMNS, SUPPLIER_COLUMNS
from app.commission.tariff import Rate
from app.core.money import ZERO, round_amount
from app.core.tabular import Column, TableReader, decimal, instant, integer, one_of, text
from app.orders.consolidation import (
    DemandLine,
    OfferOutcome,
    PriceTier,
    SharingPolicy,
    Terms,
    consolidate_offer,
)
from app.sourcing.optimiser.problem import SupplierTerms

ORDER_COLUMNS = (
    Column("order_ref", text(60)),
    Column("company_code", text(40)),
    Column("company_name", text(), required=False, default=""),
    Column("employee_email", text(), required=False, default=""),
    Column("park", text(40), required=False, default=""),
    Column("placed_at", instant),
    Column("supplier_code", text(40)),
    Column("sku", text(80)),
    Column("quantity", integer(1, 1_000_000)),
    Column("tolerance", integer(0, 1_000_000), required=False, default=0),
    Column("ceiling_price", decimal(4), required=False),
    Column("if_unfilled", one_of("cancel", "roll_over"), required=False, default="roll_over"),
)

# Scores of offers by the charter, for the optimiser.
SCORE_COLUMNS = (Column("supplier_code", text(40)), Column("sku", text(80)), Column("score", integer(0, 100)))

# A sheet for a quick order: SKU and quantity; the supplier only where several have the SKU.
QUICK_ORDER_COLUMNS = (
    Column("sku", text(80)),
    Column("quantity", text(20), required=False, default="1"),
    Column("tolerance", text(20), required=False, default="0"),
    Column("supplier_code", text(40), required=False, default=""),
)

SUPPLIER_ORDER_HEADER = ("supplier_code", "sku", "quantity", "packs", "unit_price", "amount", "commission")
ALLOCATION_HEADER = (
    ("order_ref", "company_code", "supplier_code", "sku", "wanted", "allocated", "unfilled", "reason")
    + ("unit_price", "amount", "commission")
)  # fmt: skip

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


def typed_lines_of(content: bytes, file_name: str) -> str:
    """The rows of a quick order's sheet as the lines that somebody would have typed."""
    with tempfile.TemporaryDirectory(prefix="engrenages-quick-") as folder:
        path = Path(folder) / "sheet"
        path.write_bytes(content)
        reader = TableReader(path, QUICK_ORDER_COLUMNS, name=Path(file_name).name[:100])
        lines = [
            f"{supplier_code}:{sku} {quantity} {tolerance}".lstrip(":")
            for _line, (sku, quantity, tolerance, supplier_code) in reader
        ]
        reader.stop_if_bad()
    return "\n".join(lines)


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


@dataclass
class FileTotals:
    """What consolidating from files came to. Amounts in euros before VAT."""

    lines: int = 0
    offers_ordered: int = 0
    wanted: int = 0
    allocated: int = 0
    unfilled: int = 0
    amount: Decimal = ZERO
    commission: Decimal = ZERO


def write_consolidation(results: Iterable[OfferResult], book: OrderBook, rate: Rate, output: Path) -> FileTotals:
    """Write supplier_orders.csv and allocations.csv into `output`, made if it is missing."""
    output.mkdir(parents=True, exist_ok=True)
    totals = FileTotals(lines=len(book.rows))
    allocations: list[tuple[object, ...]] = [()] * len(book.rows)
    ordered = []
    for result in results:
        amount, commission = _allocate(result, book, rate, allocations, totals)
        outcome = result.outcome
        if outcome.quantity:
            packs = outcome.quantity // result.terms.pack_size
            ordered.append((*result.offer_key, outcome.quantity, packs, outcome.unit_price, amount, commission))
            totals.offers_ordered += 1
            totals.amount += amount
            totals.commission += commission
    _write_csv(output / "supplier_orders.csv", SUPPLIER_ORDER_HEADER, ordered)
    _write_csv(output / "allocations.csv", ALLOCATION_HEADER, allocations)
    return totals


def _allocate(
    result: OfferResult,
    book: OrderBook,
    rate: Rate,
    allocations: list[tuple[object, ...]],
    totals: FileTotals,
) -> tuple[Decimal, Decimal]:
    """Fill in the allocation row of each line of one offer; the sums of their amounts and commissions."""
    amount_sum = commission_sum = ZERO
    unit_price = result.outcome.unit_price or ZERO
    price_shown = "" if result.outcome.unit_price is None else result.outcome.unit_price
    for position, share in zip(result.positions, result.outcome.shares, strict=True):
        row = book.rows[position]
        amount = round_amount(share.allocated * unit_price)
        commission = rate.commission_of(amount)
        unfilled = max(row.quantity - share.allocated, 0)
        allocations[position] = (
            *(row.order_ref, row.company_code, *result.offer_key),
            *(row.quantity, share.allocated, unfilled, share.reason or ""),
            *(price_shown, amount, commission),
        )
        amount_sum += amount
        commission_sum += commission
        totals.wanted += row.quantity
        totals.allocated += share.allocated
        totals.unfilled += unfilled
    return amount_sum, commission_sum


def _write_csv(path: Path, header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    """Write a file whole or not at all."""
    unfinished = path.with_suffix(".csv.part")
    with unfinished.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    unfinished.replace(path)
