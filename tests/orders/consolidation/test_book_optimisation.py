"""The best consolidation from files: what it may never do, whatever the orders, and what it tells."""

import csv
import random
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from app.core.tabular import BadFile
from app.orders.consolidation.book_optimisation import CHARTER_FIRST, Optimised, optimise_book, summary_of
from app.orders.consolidation.order_book import OfferResult, OrderBook, consolidate_book, read_order_book, read_scores
from app.orders.consolidation.plan_comparison import Comparison
from app.orders.rounds.sharing_policy import SharingPolicy

PROPORTIONAL = SharingPolicy.PROPORTIONAL


def write(path: Path, header: str, rows: list[tuple[object, ...]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header.split(","))
        writer.writerows(rows)
    return path


def a_book(folder: Path, seed: int, products: int = 6, packs: tuple[int, ...] = (1, 1, 2, 6)) -> OrderBook:
    """Files of a random round: 4 suppliers with terms, 3 offers a product at odd prices, some lines."""
    chance = random.Random(seed)
    suppliers = [
        (f"S{n}", f"S{n}", chance.choice(["", 40, 90]), chance.choice(["", 60, 150]), chance.choice(["", 9]))
        for n in range(4)
    ]
    offers, orders = [], []
    for product in range(products):
        base = chance.randint(10_000, 90_000)
        for supplier in chance.sample(range(4), 3):
            price = base + chance.randint(-2000, 3000)
            tiers = "|".join(
                f"{start}:{Decimal(price - start * 37) / 10_000:.4f}" for start in (1, 5, 12)[: chance.randint(1, 3)]
            )
            pack, minimum = chance.choice(packs), chance.choice([1, 4]) if max(packs) > 1 else 1
            offers.append((f"S{supplier}", f"K{product}", f"P{product}", f"P{product}", pack, minimum, tiers))
    for order in range(12):
        for offer in chance.sample(offers, 3):
            first = Decimal(str(offer[6]).split("|")[0].split(":")[1])
            ceiling = chance.choice(["", first, first - Decimal("0.01"), first + 2])
            orders.append(
                (f"O{order}", f"C{order}", f"2026-03-01T08:{order:02}:00Z", *offer[:2], chance.randint(1, 5),
                 chance.choice([0, 0, 1, 3]), ceiling)
            )  # fmt: skip
    orders = list({(row[0], row[3], row[4]): row for row in orders}.values())
    return read_order_book(
        write(folder / "s.csv", "supplier_code,name,minimum_order,free_delivery_from,delivery_fee", suppliers),
        write(folder / "f.csv", "supplier_code,sku,product_ref,name,pack_size,min_quantity,price_tiers", offers),
        write(
            folder / "o.csv",
            "order_ref,company_code,placed_at,supplier_code,sku,quantity,tolerance,ceiling_price",
            orders,
        ),
    )


def unfilled_of(book: OrderBook, results: list[OfferResult]) -> dict[str, int]:
    found: defaultdict[str, int] = defaultdict(int)
    for result in results:
        for position, share in zip(result.positions, result.outcome.shares, strict=True):
            found[book.products[result.offer_key]] += max(book.rows[position].quantity - share.allocated, 0)
    return found


def check(book: OrderBook, found: Optimised) -> None:
    """What no consolidation may do, but at charter first."""
    check_but_minimums(book, found)
    fewer = found.costs.unfilled < found.plain.unfilled
    assert fewer or len(found.costs.under_minimum) <= len(found.plain.under_minimum)


def check_but_minimums(book: OrderBook, found: Optimised) -> None:
    amounts: defaultdict[str, Decimal] = defaultdict(Decimal)
    seen: list[int] = []
    for result in found.results:
        outcome, price = result.outcome, result.outcome.unit_price
        seen += result.positions
        assert sum(share.allocated for share in outcome.shares) == outcome.quantity
        assert outcome.quantity % result.terms.pack_size == 0
        for position, share in zip(result.positions, outcome.shares, strict=True):
            row = book.rows[position]
            assert book.products[result.offer_key] == book.products[row.offer_key], "the same product"
            assert share.allocated <= row.quantity + row.tolerance
            if share.allocated:
                assert price is not None
                ceiling = row.ceiling_price or book.terms[row.offer_key].tiers[0].unit_price
                assert price <= ceiling
                assert price == result.terms.price_at(outcome.quantity)
                amounts[result.offer_key[0]] += (share.allocated * price).quantize(Decimal("0.01"), "ROUND_HALF_UP")
    assert sorted(seen) == list(range(len(book.rows))), "every line once"
    under = {code for code, amount in amounts.items() if amount and book.suppliers[code].is_below_minimum(amount)}
    assert set(found.costs.under_minimum) == under
    plain = unfilled_of(book, list(consolidate_book(book, PROPORTIONAL)))
    unfilled = unfilled_of(book, found.results)
    assert all(units <= plain[product] for product, units in unfilled.items())
    assert {product: units for product, units in unfilled.items() if units} == found.unserved
    assert sum(unfilled.values()) == found.costs.unfilled >= found.least_unfilled
    fees = sum(book.suppliers[code].fee_on(amount) for code, amount in amounts.items())
    assert found.costs.goods == sum(amounts.values())
    assert found.costs.fees == fees
    assert found.bound <= found.costs.objective
    beside = found.comparison
    assert found.plain.total - found.costs.total == beside.saved + beside.fewer_amount - beside.more_amount


@pytest.mark.parametrize("seed", range(12))
def test_no_round_at_all_is_consolidated_wrongly(tmp_path: Path, seed: int) -> None:
    book = a_book(tmp_path, seed)
    chance = random.Random(seed)
    scores = {key: chance.randint(0, 100) for key in book.terms}
    premium = chance.choice([Decimal(0), Decimal("0.2")])
    found = optimise_book(book, PROPORTIONAL, premium=premium, scores=scores, seconds=20)
    check(book, found)
    assert found.gap < Decimal("0.001")


def test_nobody_does_better_plainly_where_plain_keeps_the_minimums(tmp_path: Path) -> None:
    compared = 0
    for seed in range(40, 50):
        book = a_book(tmp_path, seed)
        for code, terms in book.suppliers.items():
            book.suppliers[code] = type(terms)(None, terms.free_delivery_from, terms.delivery_fee)
        found = optimise_book(book, PROPORTIONAL, seconds=20)
        check(book, found)
        if found.costs.unfilled == found.plain.unfilled:
            assert found.costs.total <= found.plain.total
        compared += found.comparison.saved > 0
    assert compared >= 7


def test_a_premium_moves_lines_to_better_scores(tmp_path: Path) -> None:
    book = a_book(tmp_path, 3)
    scores = {key: 90 if key[0] == "S2" else 10 for key in book.terms}
    points = [
        optimise_book(book, PROPORTIONAL, premium=premium, scores=scores, seconds=20).costs
        for premium in (Decimal(0), Decimal("0.3"), Decimal(3))
    ]
    assert [point.score for point in points] == sorted(point.score for point in points)
    assert [point.total for point in points] == sorted(point.total for point in points)
    assert points[0].score < points[2].score


def test_prices_that_round_never_leave_a_supplier_below_its_minimum(tmp_path: Path) -> None:
    """Three lines of one unit at 3.3334 are 9.99 to their buyers, though 3 x 3.3334 is above a minimum of 10."""
    files = (
        write(tmp_path / "s.csv", "supplier_code,name,minimum_order", [("S1", "S1", "10.00"), ("S2", "S2", "")]),
        write(
            tmp_path / "f.csv",
            "supplier_code,sku,product_ref,name,price_tiers",
            [("S1", "K", "P", "P", "1:3.3334"), ("S2", "K", "P", "P", "1:3.4000")],
        ),
        write(
            tmp_path / "o.csv",
            "order_ref,company_code,placed_at,supplier_code,sku,quantity,ceiling_price",
            [(f"O{n}", "C", "2026-03-01T08:00:00Z", "S1", "K", 1, 4) for n in range(3)],
        ),
    )
    book = read_order_book(*files)
    found = optimise_book(book, PROPORTIONAL, seconds=10)
    check(book, found)
    assert {key.offer_key[0] for key in found.results if key.outcome.quantity} == {"S2"}


def test_nothing_is_saved_by_not_buying(tmp_path: Path) -> None:
    """The one supplier stays under its minimum: it is ordered from with its fee, as plainly, and that is said."""
    files = (
        write(
            tmp_path / "s.csv",
            "supplier_code,name,minimum_order,free_delivery_from,delivery_fee",
            [("S1", "S1", 100, 100, 7)],
        ),
        write(tmp_path / "f.csv", "supplier_code,sku,product_ref,name,price_tiers", [("S1", "K", "P", "P", "1:3")]),
        write(
            tmp_path / "o.csv",
            "order_ref,company_code,placed_at,supplier_code,sku,quantity",
            [("O1", "C", "2026-03-01T08:00:00Z", "S1", "K", 5)],
        ),
    )
    book = read_order_book(*files)
    found = optimise_book(book, PROPORTIONAL, seconds=10)
    check(book, found)
    summary = summary_of(found, Decimal(0))
    assert (summary["total_cost"], summary["plain_cost"], summary["saved"]) == (22.0, 22.0, 0.0)
    assert (summary["unfilled"], summary["cannot_be_filled"], summary["under_minimum"]) == (0, {}, ["S1"])


def test_a_unit_that_plain_consolidation_leaves_is_served_by_another_offer(tmp_path: Path) -> None:
    """A pack of 4 leaves the fifth unit; in packs of 1 it is dearer, and bought all the same."""
    files = (
        write(tmp_path / "s.csv", "supplier_code,name", [("S1", "S1"), ("S2", "S2")]),
        write(
            tmp_path / "f.csv",
            "supplier_code,sku,product_ref,name,pack_size,price_tiers",
            [("S1", "K", "P", "P", 4, "1:2"), ("S2", "K", "P", "P", 1, "1:3")],
        ),
        write(
            tmp_path / "o.csv",
            "order_ref,company_code,placed_at,supplier_code,sku,quantity,ceiling_price",
            [(f"O{n}", "C", f"2026-03-01T08:0{n}:00Z", "S1", "K", n, "3.5") for n in (4, 1)],
        ),
    )
    book = read_order_book(*files)
    found = optimise_book(book, PROPORTIONAL, seconds=10)
    check(book, found)
    assert (found.plain.unfilled, found.plain.unfilled_amount, found.plain.total) == (1, Decimal("3.50"), Decimal(8))
    assert (found.costs.unfilled, found.costs.total) == (0, Decimal(11))
    assert found.comparison == Comparison(Decimal(-1), 1, Decimal(2), 0, Decimal(0)), (
        "of the five, plainly 3 and 1 are served"
    )


def test_what_nobody_can_fill_is_said(tmp_path: Path) -> None:
    files = (
        write(tmp_path / "s.csv", "supplier_code,name", [("S1", "S1")]),
        write(
            tmp_path / "f.csv",
            "supplier_code,sku,product_ref,name,pack_size,price_tiers",
            [("S1", "K", "P", "P", 6, "1:3")],
        ),
        write(
            tmp_path / "o.csv",
            "order_ref,company_code,placed_at,supplier_code,sku,quantity",
            [("O1", "C", "2026-03-01T08:00:00Z", "S1", "K", 5)],
        ),
    )
    book = read_order_book(*files)
    found = optimise_book(book, PROPORTIONAL, seconds=10)
    check(book, found)
    summary = summary_of(found, Decimal(0))
    assert (summary["cannot_be_filled"], summary["unfilled"], summary["total_cost"]) == ({"P": 5}, 5, 0.0)
    assert (summary["least_unfilled"], summary["unfilled_amount"], summary["saved"]) == (5, 15.0, 0.0)


def test_charter_first_never_scores_under_plain_where_as_many_are_served(tmp_path: Path) -> None:
    held = 0
    for seed in range(60, 84):
        book, chance = a_book(tmp_path, seed, products=3, packs=(1,)), random.Random(seed)
        book.rows[:] = [row._replace(ceiling_price=Decimal(100)) for row in book.rows]
        scores = {key: chance.randint(0, 100) for key in book.terms}
        first = optimise_book(book, PROPORTIONAL, premium=CHARTER_FIRST, scores=scores, seconds=20)
        check_but_minimums(book, first)
        if first.costs.unfilled == first.plain.unfilled:
            held += 1
            assert first.costs.score >= first.plain.score, f"seed {seed}"
    assert held >= 20


def test_charter_first_keeps_a_good_score_however_cheap_another_offer_is(tmp_path: Path) -> None:
    files = (
        write(tmp_path / "s.csv", "supplier_code,name", [("GOOD", "Good"), ("CHEAP", "Cheap")]),
        write(
            tmp_path / "f.csv",
            "supplier_code,sku,product_ref,name,price_tiers",
            [("GOOD", "K", "P", "P", "1:10"), ("CHEAP", "K", "P", "P", "1:1")],
        ),
        write(
            tmp_path / "o.csv",
            "order_ref,company_code,placed_at,supplier_code,sku,quantity",
            [("O1", "C", "2026-03-01T08:00:00Z", "GOOD", "K", 5)],
        ),
    )
    book, scores = read_order_book(*files), {("GOOD", "K"): 90, ("CHEAP", "K"): 50}

    def score_at(premium: Decimal) -> Decimal:
        return optimise_book(book, PROPORTIONAL, premium=premium, scores=scores, seconds=10).costs.score

    assert score_at(CHARTER_FIRST - Decimal("0.01")) == 50
    assert score_at(CHARTER_FIRST) == 90


def test_a_short_time_gives_the_best_so_far_and_an_honest_bound(tmp_path: Path) -> None:
    book = a_book(tmp_path, 5, products=250)
    short = optimise_book(book, PROPORTIONAL, seconds=1)
    check(book, short)
    longer = optimise_book(book, PROPORTIONAL, seconds=30)
    check(book, longer)
    assert short.bound <= longer.costs.objective + Decimal("0.01")
    assert longer.costs.objective <= short.costs.objective
    assert longer.gap < Decimal("0.01")


def test_scores_are_of_offers_that_there_are(tmp_path: Path) -> None:
    book = a_book(tmp_path, 1)
    key = next(iter(book.terms))
    good = write(tmp_path / "good.csv", "supplier_code,sku,score", [(*key, 70)])
    assert read_scores(good, book) == {key: 70}
    for rows in ([("S9", "K0", 5)], [(*key, 101)], [(*key, 5), (*key, 6)]):
        with pytest.raises(BadFile):
            read_scores(write(tmp_path / "bad.csv", "supplier_code,sku,score", rows), book)
