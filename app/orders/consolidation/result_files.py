"""The result of consolidating from files: supplier_orders.csv and allocations.csv."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from app.commission.tariff import Rate
from app.core.money import ZERO, round_amount
from app.orders.consolidation.order_book import OfferResult, OrderBook

SUPPLIER_ORDER_HEADER = ("supplier_code", "sku", "quantity", "packs", "unit_price", "amount", "commission")
ALLOCATION_HEADER = (
    ("order_ref", "company_code", "supplier_code", "sku", "wanted", "allocated", "unfilled", "reason")
    + ("unit_price", "amount", "commission")
)  # fmt: skip


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
