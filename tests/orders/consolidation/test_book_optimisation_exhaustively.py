"""The best consolidation of small books against every consolidation that there is, with the rules' own amounts."""

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import product as every

import pytest

from app.catalog.terms import PriceTier, SupplierTerms, Terms
from app.core.money import round_amount
from app.orders.consolidation.book_optimisation import optimise_book
from app.orders.consolidation.order_book import OfferKey, OrderBook, OrderRow, demand_of
from app.orders.consolidation.rules import consolidate_offer
from app.orders.rounds.sharing_policy import SharingPolicy

D = Decimal
CENT = D("0.01")
Key = tuple[int, int, Decimal]


def a_small_book(seed: int) -> tuple[OrderBook, SharingPolicy]:
    """Two or three suppliers with minimums and fees, two products in packs and tiers, up to four lines, ceilings."""
    chance = random.Random(seed)
    suppliers = {
        f"S{at}": SupplierTerms(chance.choice([None, D(12), D(30)]), chance.choice([None, D(20), D(45)]), D(6))
        for at in range(chance.randint(2, 3))
    }
    terms: dict[OfferKey, Terms] = {}
    products: dict[OfferKey, str] = {}
    for name in ("pens", "pads"):
        for code in chance.sample(sorted(suppliers), 2):
            first = D(chance.randint(20_000, 90_000)) / 10_000
            tiers = [PriceTier(1, first), PriceTier(chance.randint(3, 6), first * D("0.85"))][: chance.randint(1, 2)]
            terms[code, name] = Terms(chance.choice([1, 1, 2, 3]), chance.choice([1, 1, 3]), tuple(tiers))
            products[code, name] = name
    rows = [
        OrderRow(
            f"O{at}", "C", "", "", "P", datetime(2026, 3, 1, 8, at, tzinfo=UTC),
            *(key := chance.choice(sorted(terms))), chance.randint(1, 4), chance.choice([0, 0, 1]),
            terms[key].tiers[0].unit_price + chance.choice([D(-1), D(0), D(0), D(2)]), "cancel",
        )
        for at in range(chance.randint(2, 4))
    ]  # fmt: skip
    fixed = frozenset(at for at in range(len(rows)) if chance.random() < 0.3)
    return OrderBook(suppliers, terms, products, rows, {}, fixed), chance.choice(list(SharingPolicy))


def every_key(book: OrderBook, policy: SharingPolicy) -> Iterator[Key]:
    """(unfilled, suppliers under their minimum, cost) of every choice of offers and packs."""
    choices: list[list[OfferKey | None]] = []
    for at, row in enumerate(book.rows):
        same = [key for key in book.terms if book.products[key] == book.products[row.offer_key]]
        choices.append([None, *([row.offer_key] if at in book.fixed else same)])
    for assigned in every(*choices):
        lines: defaultdict[OfferKey, list[int]] = defaultdict(list)
        for at, key in enumerate(assigned):
            if key is not None:
                lines[key].append(at)
        left_out = sum(row.quantity for row, key in zip(book.rows, assigned, strict=True) if key is None)
        outcomes = [_outcomes(book, key, positions, policy) for key, positions in lines.items()]
        for chosen in every(*outcomes):
            amounts: defaultdict[str, Decimal] = defaultdict(Decimal)
            for (code, _name), (_unfilled, amount) in zip(lines, chosen, strict=True):
                amounts[code] += amount
            under = sum(
                1 for code, amount in amounts.items() if amount and book.suppliers[code].is_below_minimum(amount)
            )
            fees = sum((book.suppliers[code].fee_on(amount) for code, amount in amounts.items()), D(0))
            yield left_out + sum(unfilled for unfilled, _amount in chosen), under, sum(amounts.values(), D(0)) + fees


def _outcomes(book: OrderBook, key: OfferKey, positions: list[int], policy: SharingPolicy) -> list[tuple[int, Decimal]]:
    """Units unfilled and amount of an offer, for every number of packs."""
    terms, found = book.terms[key], set()
    most = sum(book.rows[at].quantity + book.rows[at].tolerance for at in positions) // terms.pack_size
    for packs in range(most + 1):
        outcome = consolidate_offer(terms, demand_of(book, positions), policy, packs)
        unfilled, amount = 0, D(0)
        for at, share in zip(positions, outcome.shares, strict=True):
            unfilled += max(book.rows[at].quantity - share.allocated, 0)
            amount += round_amount(share.allocated * (outcome.unit_price or D(0)))
        found.add((unfilled, amount))
    return sorted(found)


@pytest.mark.parametrize("block", range(10))
def test_no_consolidation_of_a_small_book_serves_more_or_costs_less(block: int) -> None:
    for seed in range(block * 30, block * 30 + 30):
        book, policy = a_small_book(seed)
        best = min(every_key(book, policy))
        found = optimise_book(book, policy, seconds=20)
        assert (found.costs.unfilled, len(found.costs.under_minimum)) == best[:2], f"seed {seed}"
        assert best[2] <= found.costs.total <= best[2] + len(book.rows) * CENT, f"seed {seed}"
        assert found.least_unfilled == best[0], f"seed {seed}"
        assert found.costs.unfilled <= found.plain.unfilled, f"seed {seed}"
        for result in found.results:
            if result.outcome.quantity:
                packs = result.outcome.quantity // result.terms.pack_size
                again = consolidate_offer(result.terms, demand_of(book, result.positions), policy, packs)
                assert again == result.outcome, f"seed {seed}: applied, it comes to the plan's own figures"
