"""Putting the products' choices together under the suppliers' minimums and delivery fees.

Each product brings its best choice, and for every supplier whose threshold is in question choices that do without that
supplier, or that draw goods to it. A program picks one choice a product; where that brings another supplier into
question, choices for that one are added, and it picks again (restricted master, after Dantzig and Wolfe 1960).
"""

import time
from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from app.sourcing.optimiser.highs import run
from app.sourcing.optimiser.model import Conditions, Program
from app.sourcing.optimiser.problem import Plan, Problem
from app.sourcing.optimiser.products import Asked, Choice, Part, choice_in, choose, parts_of, put_together

_DRAWN = (0.98, 0.9, -1.0)  # of its prices, at which choices are asked that draw goods to a supplier
_MOST_TURNS = 4


@dataclass(frozen=True)
class Combined:
    """The plan that was put together (None where the time was over), and a bound on the cost of any plan."""

    plan: Plan | None
    bound: Decimal
    beyond: Mapping[Hashable, int]


def combine(
    problem: Problem, premium: Decimal, margins: Mapping[int, Decimal], seconds: float, start: Plan | None
) -> Combined:
    """A good plan for a problem of many products, and a bound that its every plan keeps.

    A product for which there was no time takes what `start` has for it; without that there is no plan.
    """
    until = time.monotonic() + seconds
    parts = parts_of(problem)
    first = choose(problem, premium, [Asked(part, Conditions()) for part in parts], until)
    pool: dict[Hashable, list[Choice]] = {}
    for part, choice in zip(parts, first, strict=True):
        if choice is None and start is None:
            return Combined(None, Decimal(0), {})
        pool[part.product] = [choice or choice_in(problem, premium, part, start)]  # type: ignore[arg-type]
    bound = Decimal(repr(sum(choices[0].bound for choices in pool.values())))
    picked = {product: choices[0] for product, choices in pool.items()}
    asked: set[int] = set()
    for _turn in range(_MOST_TURNS):
        new = _in_question(problem, picked, margins) - asked
        if not new or time.monotonic() > until:
            break
        _widen(problem, premium, parts, pool, frozenset(new), frozenset(asked | new), until)
        asked |= new
        found = _pick(problem, pool, margins, until - time.monotonic())
        if found is None:
            return Combined(None, bound, {})
        picked = found
    plan = put_together(problem, parts, picked)
    return Combined(plan, bound, {product: one.beyond for product, one in picked.items() if one.beyond})


def _in_question(problem: Problem, picked: Mapping[Hashable, Choice], margins: Mapping[int, Decimal]) -> set[int]:
    """Suppliers whose amount is above nothing and below a threshold."""
    amounts: defaultdict[int, Decimal] = defaultdict(Decimal)
    for choice in picked.values():
        for supplier, amount in choice.amounts.items():
            amounts[supplier] += amount
    found = set()
    for supplier, amount in amounts.items():
        terms, margin = problem.suppliers[supplier], margins.get(supplier, Decimal(0))
        thresholds = [terms.minimum_order, terms.free_delivery_from if terms.may_charge else None]
        if any(one is not None and amount < one + margin for one in thresholds):
            found.add(supplier)
    return found


def _widen(
    problem: Problem,
    premium: Decimal,
    parts: list[Part],
    pool: dict[Hashable, list[Choice]],
    new: frozenset[int],
    all_asked: frozenset[int],
    until: float,
) -> None:
    """Add choices without the suppliers in question, one by one and all together, and such that draw goods to them."""
    asked = []
    for part in parts:
        here = {problem.offers[offer].supplier for offer in part.offers}
        concerned = here & new
        if not concerned:
            continue
        asked += [Asked(part, Conditions(closed=frozenset({supplier}))) for supplier in sorted(concerned)]
        if len(here & all_asked) > 1:
            asked.append(Asked(part, Conditions(closed=frozenset(here & all_asked))))
        asked += [Asked(part, Conditions(factors={s: factor})) for s in sorted(concerned) for factor in _DRAWN]
    for one, choice in zip(asked, choose(problem, premium, asked, until), strict=True):
        known = pool[one.part.product]
        if choice is not None and all(choice.plan != other.plan for other in known):
            known.append(choice)


def _pick(
    problem: Problem, pool: Mapping[Hashable, list[Choice]], margins: Mapping[int, Decimal], seconds: float
) -> dict[Hashable, Choice] | None:
    """One choice a product: first with the fewest units left, then at the least cost."""
    program, columns, beyond = _master(problem, pool, margins, only_unfilled=True)
    if beyond:
        outcome = run(program, seconds / 2, threads=2)
        if outcome.values is None:
            return None
        least = round(sum(count * outcome.values[column] for column, count in beyond))
        program, columns, beyond = _master(problem, pool, margins, only_unfilled=False)
        program.row([(column, float(count)) for column, count in beyond], upper=least + 0.5)
    else:
        program, columns, beyond = _master(problem, pool, margins, only_unfilled=False)
    outcome = run(program, seconds, threads=2)
    if outcome.values is None:
        return None
    return {product: choice for (product, choice), column in columns if outcome.values[column] > 0.5}


def _master(
    problem: Problem, pool: Mapping[Hashable, list[Choice]], margins: Mapping[int, Decimal], *, only_unfilled: bool
) -> tuple[Program, list[tuple[tuple[Hashable, Choice], int]], list[tuple[int, int]]]:
    program = Program()
    columns, beyond = [], []
    amounts: defaultdict[int, list[tuple[int, float]]] = defaultdict(list)
    most: defaultdict[int, float] = defaultdict(float)
    for product, choices in pool.items():
        mine = []
        for choice in choices:
            column = program.column(1.0, float(choice.beyond if only_unfilled else choice.cost))
            mine.append((column, 1.0))
            columns.append(((product, choice), column))
            if choice.beyond:
                beyond.append((column, choice.beyond))
            for supplier, amount in choice.amounts.items():
                amounts[supplier].append((column, float(amount)))
        program.row(mine, lower=1.0, upper=1.0)
        for supplier in {supplier for choice in choices for supplier in choice.amounts}:
            most[supplier] += max(float(choice.amounts.get(supplier, 0)) for choice in choices)
    for supplier, terms in enumerate(problem.suppliers):
        if not amounts[supplier] or not (terms.minimum_order or terms.may_charge):
            continue
        fee = float(terms.delivery_fee or 0) if terms.may_charge and not only_unfilled else 0.0
        used = program.column(1.0, fee)
        program.row([*amounts[supplier], (used, -most[supplier])], upper=0.0)
        margin = float(margins.get(supplier, 0))
        if terms.minimum_order:
            program.row([*amounts[supplier], (used, -float(terms.minimum_order) - margin)], lower=0.0)
        if terms.may_charge and terms.free_delivery_from is not None:
            free = program.column(1.0, -fee)
            program.row([(free, 1.0), (used, -1.0)], upper=0.0)
            program.row([*amounts[supplier], (free, -float(terms.free_delivery_from) - margin)], lower=0.0)
    return program, columns, beyond
