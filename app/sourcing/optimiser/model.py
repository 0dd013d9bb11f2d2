"""The choice as a mixed-integer linear program.

Lines of a product that are alike (same choices, quantity, tolerance, ceiling) are one group, of which whole numbers go
to each offer. Of each offer at most one tier is in force; its packs lie within the quantities of that tier.

    minimise    sum price x units + premium x reference price x (100 - score) / 100 x units + sum fee x (used - free)
    subject to  units of an offer <= quantities + tolerances of the lines that it serves
                a line goes to an offer only at a tier within its ceiling
                units missing of a product <= the least that can be
                a supplier's amount >= its minimum x (used - under),  >= its free-delivery amount x free
                sum (score - floor) x units >= - the least that must be missing
                suppliers under their minimum <= the least that can be

What "the least" is comes from the same program with another aim.
"""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

from app.sourcing.optimiser.problem import OfferTerms, Plan, Problem

INFINITE = float("inf")
SCORE_TOLERANCE = 1e-7  # under the least that whole units of whole scores can miss a mean of a million units by


class Group(NamedTuple):
    """Lines that are alike; `tiers` gives each offer that may serve them, with its tiers within their ceiling."""

    product: Hashable
    quantity: int
    tolerance: int
    tiers: tuple[tuple[int, tuple[int, ...]], ...]


@dataclass
class Program:
    """Columns and rows, as HiGHS takes them: bounds, costs, which columns are whole numbers, sparse rows."""

    costs: list[float] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    row_lower: list[float] = field(default_factory=list)
    row_upper: list[float] = field(default_factory=list)
    starts: list[int] = field(default_factory=lambda: [0])
    indices: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def column(self, upper: float, cost: float = 0.0, *, whole: bool = True) -> int:
        """Add a column from 0 on; its number."""
        self.costs.append(cost)
        self.lower.append(0.0)
        self.upper.append(upper)
        self.whole.append(whole)
        return len(self.costs) - 1

    def row(self, terms: Sequence[tuple[int, float]], lower: float = -INFINITE, upper: float = INFINITE) -> int:
        """Add a row: `lower <= sum of value x column <= upper`; its number."""
        for column, value in terms:
            self.indices.append(column)
            self.values.append(value)
        self.starts.append(len(self.indices))
        self.row_lower.append(lower)
        self.row_upper.append(upper)
        return len(self.row_lower) - 1

    def supplier(
        self, amount: Sequence[tuple[int, float]], used: int, bounds: "SupplierBounds", *, whole: bool = True
    ) -> "SupplierRows":
        """Add a minimum and free delivery: the fee of a supplier that is used falls away from an amount on."""
        free, under, rows = None, None, []
        if bounds.minimum:
            row = [*amount, (used, -bounds.minimum)]
            if bounds.under_cost is not None:
                under = self.column(1.0, bounds.under_cost, whole=whole)
                row.append((under, bounds.minimum))
            rows.append(self.row(row, lower=0.0))
        if bounds.free_from is not None:
            free = self.column(1.0, -bounds.fee, whole=whole)
            self.row([(free, 1.0), (used, -1.0)], upper=0.0)
            rows.append(self.row([*amount, (free, -bounds.free_from)], lower=0.0))
        return SupplierRows(free, under, rows)


class SupplierBounds(NamedTuple):
    """Of a supplier, in euros: minimum, free-delivery amount and fee; what to be under the minimum costs (None: it
    may not be).
    """

    minimum: float
    free_from: float | None
    fee: float
    under_cost: float | None = None

    @classmethod
    def of(cls, problem: Problem, supplier: int) -> "SupplierBounds":
        """The bounds of a problem's supplier, without leave to be under the minimum."""
        terms = problem.suppliers[supplier]
        free_from = terms.free_delivery_from if terms.may_charge else None
        fee = float(terms.delivery_fee or 0) if terms.may_charge else 0.0
        minimum = float(terms.minimum_order or 0)
        return cls(minimum, None if free_from is None else float(free_from), fee)

    @property
    def thresholds(self) -> list[float]:
        """The amounts from which something changes."""
        return [one for one in (self.minimum, self.free_from) if one]


class SupplierRows(NamedTuple):
    """Of a supplier: the columns that say whether it delivers free, and whether it is under its minimum; the rows that
    hold its amount to thresholds.
    """

    free: int | None
    under: int | None
    thresholds: list[int]


@dataclass
class Model:
    """The program of a problem, and where to find the choice in its columns."""

    problem: Problem
    program: Program
    groups: dict[Group, list[int]]  # positions of their wants
    serves: dict[tuple[Group, int], int]
    packs: dict[int, list[int]]  # of each offer: a column a tier

    def plan_from(self, values: Sequence[float]) -> Plan:
        """The choice that stands in the columns."""
        offer_of: list[int | None] = [None] * len(self.problem.wants)
        for group, positions in self.groups.items():
            waiting = iter(positions)
            for offer, _tiers in group.tiers:
                column = self.serves.get((group, offer))
                for _one in range(0 if column is None else round(values[column])):
                    offer_of[next(waiting)] = offer
        packs = [0] * len(self.problem.offers)
        for offer, columns in self.packs.items():
            packs[offer] = sum(round(values[column]) for column in columns)
        return Plan(tuple(offer if offer is not None and packs[offer] else None for offer in offer_of), tuple(packs))


class Aim(Enum):
    """What a program makes least."""

    UNFILLED = "unfilled"
    SCORE_MISSING = "score_missing"
    UNDER_MINIMUM = "under_minimum"
    COST = "cost"


@dataclass(frozen=True)
class Limits:
    """What a plan may come to at most, as in `Rank`: units unfilled by product; the others None without a limit."""

    unfilled: Mapping[Hashable, int] = field(default_factory=dict)
    score_missing: Decimal | None = Decimal(0)
    under_minimum: int | None = 0


@dataclass(frozen=True)
class Worth:
    """How prices are bent: `factors` by supplier, to draw goods to it or away; `score`: euros that a point of score
    above the floor is worth, a unit.
    """

    factors: Mapping[int, float] = field(default_factory=dict)
    score: float = 0.0


AS_IT_IS = Worth()


def build(problem: Problem, premium: Decimal, limits: Limits, aim: Aim = Aim.COST, worth: Worth = AS_IT_IS) -> Model:
    """The program of a problem, with a premium for the charter."""
    builder = _Builder(problem, premium, limits, aim, worth)
    builder.offers()
    builder.products()
    builder.suppliers()
    builder.scores()
    return builder.model


class _Builder:
    def __init__(self, problem: Problem, premium: Decimal, limits: Limits, aim: Aim, worth: Worth) -> None:
        self.problem, self.premium, self.limits, self.aim, self.worth = problem, premium, limits, aim, worth
        self.program = Program()
        self.groups = _groups(problem)
        self.model = Model(problem, self.program, self.groups, {}, {})
        self.of_offer: defaultdict[int, list[Group]] = defaultdict(list)
        for group in self.groups:
            for offer, _tiers in group.tiers:
                self.of_offer[offer].append(group)
        self.used: dict[int, int] = {}
        self.amounts: defaultdict[int, list[tuple[int, float]]] = defaultdict(list)
        self.merits: list[tuple[int, float]] = []
        self.short: defaultdict[Hashable, list[tuple[int, float]]] = defaultdict(list)
        self.bounds = [SupplierBounds.of(problem, at) for at in range(len(problem.suppliers))]
        for at, bounds in enumerate(self.bounds):
            if bounds.thresholds:
                self.used[at] = self.program.column(1.0, self._cost(bounds.fee))

    def _cost(self, euros: float) -> float:
        return euros if self.aim is Aim.COST else 0.0

    def _unit_cost(self, terms: OfferTerms, price: Decimal) -> float:
        weighed = float(self.premium * terms.reference_price * (100 - terms.score) / 100)
        worth = self.worth.score * float(self.problem.merit_of(terms))
        return self._cost(float(price) * self.worth.factors.get(terms.supplier, 1.0) + weighed - worth)

    def offers(self) -> None:
        """Tiers and packs of each offer that may serve somebody, and which lines it serves."""
        program = self.program
        for offer, groups in sorted(self.of_offer.items()):
            terms = self.problem.offers[offer]
            most = sum((group.quantity + group.tolerance) * len(self.groups[group]) for group in groups)
            tiers = self._tiers(offer, most)
            served = {group: program.column(len(self.groups[group])) for group in groups}
            self.model.serves |= {(group, offer): column for group, column in served.items()}
            units = [(packs, float(terms.pack_size)) for _in_force, packs in tiers.values()]
            takes = [(column, -float(group.quantity + group.tolerance)) for group, column in served.items()]
            program.row([*units, *takes], upper=0.0)
            short = program.column(INFINITE, whole=False)
            wants = [(column, -float(group.quantity)) for group, column in served.items()]
            program.row([(short, 1.0), *units, *wants], lower=0.0)
            self.short[terms.product].append((short, 1.0))
            self._one_tier(terms.supplier, [in_force for in_force, _packs in tiers.values()])
            for group, column in served.items():
                fitting = dict(group.tiers)[offer]
                within = [(tiers[at][0], -float(len(self.groups[group]))) for at in fitting if at in tiers]
                program.row([(column, 1.0), *within], upper=0.0)

    def _tiers(self, offer: int, most: int) -> dict[int, tuple[int, int]]:
        """Of each tier that can be reached: whether it is in force, and its packs."""
        terms, found = self.problem.offers[offer], {}
        for at, (start, price) in enumerate(terms.tiers):
            end = terms.tiers[at + 1][0] - 1 if at + 1 < len(terms.tiers) else most
            least = -(-max(start, terms.min_quantity, 1) // terms.pack_size)
            highest = min(end, most) // terms.pack_size
            if least > highest:
                continue
            in_force = self.program.column(1.0)
            packs = self.program.column(float(highest), terms.pack_size * self._unit_cost(terms, price))
            self.program.row([(packs, 1.0), (in_force, -float(highest))], upper=0.0)
            self.program.row([(packs, 1.0), (in_force, -float(least))], lower=0.0)
            self.amounts[terms.supplier].append((packs, float(terms.pack_size * price)))
            self.merits.append((packs, float(terms.pack_size * self.problem.merit_of(terms))))
            found[at] = (in_force, packs)
        self.model.packs[offer] = [packs for _in_force, packs in found.values()]
        return found

    def _one_tier(self, supplier: int, in_force: Sequence[int]) -> None:
        """At most one tier is in force, and none where the supplier is not used."""
        terms = [(column, 1.0) for column in in_force]
        if supplier in self.used:
            self.program.row([*terms, (self.used[supplier], -1.0)], upper=0.0)
        else:
            self.program.row(terms, upper=1.0)

    def products(self) -> None:
        """Every line goes to one offer or to none; what is missing of a product stays within what may be."""
        for group, positions in self.groups.items():
            served = [(self.model.serves[group, offer], 1.0) for offer, _tiers in group.tiers]
            nobody = self.program.column(float(len(positions)), whole=False)
            self.program.row([*served, (nobody, 1.0)], lower=len(positions), upper=len(positions))
            self.short[group.product].append((nobody, float(group.quantity)))
        for product, terms in self.short.items():
            if self.aim is Aim.UNFILLED:
                missing = self.program.column(INFINITE, 1.0, whole=False)
                self.program.row([*terms, (missing, -1.0)], upper=0.0)
            else:
                self.program.row(terms, upper=float(self.limits.unfilled.get(product, 0)))

    def suppliers(self) -> None:
        """Minimums and free delivery; how many may be under their minimum."""
        limit, unders = self.limits.under_minimum, []
        leave = None if limit == 0 and self.aim is not Aim.UNDER_MINIMUM else float(self.aim is Aim.UNDER_MINIMUM)
        for supplier, used in self.used.items():
            bounds = self.bounds[supplier]._replace(fee=self._cost(self.bounds[supplier].fee), under_cost=leave)
            under = self.program.supplier(self.amounts[supplier], used, bounds).under
            if under is not None:
                unders.append((under, 1.0))
        if limit is not None and unders and self.aim is not Aim.UNDER_MINIMUM:
            self.program.row(unders, upper=float(limit))

    def scores(self) -> None:
        """The mean score keeps to the floor."""
        limit = self.limits.score_missing
        if self.problem.score_floor is None or limit is None:
            return
        missing = []
        if self.aim is Aim.SCORE_MISSING:
            missing = [(self.program.column(INFINITE, 1.0, whole=False), 1.0)]
        self.program.row([*self.merits, *missing], lower=-float(limit) - SCORE_TOLERANCE)


def _groups(problem: Problem) -> dict[Group, list[int]]:
    """The wants by what they have in common; those whom no offer can serve within their ceiling form groups too."""
    groups: defaultdict[Group, list[int]] = defaultdict(list)
    for at, want in enumerate(problem.wants):
        tiers = []
        for offer in problem.choices_of(want):
            fitting = [at for at, (_start, price) in enumerate(problem.offers[offer].tiers) if price <= want.ceiling]
            if fitting:
                tiers.append((offer, tuple(fitting)))
        product = problem.offers[want.offer].product
        groups[Group(product, want.quantity, want.tolerance, tuple(tiers))].append(at)
    return dict(groups)
