"""The choice as a mixed-integer linear program.

Lines of a product that are alike (same choices, quantity, tolerance, ceiling) are one group, of which whole numbers go
to each offer. Of each offer at most one tier is in force; its packs lie within the quantities of that tier.

    minimise    sum price x units + premium x reference price x (100 - score) / 100 x units + sum fee x (used - free)
    subject to  units of an offer <= quantities + tolerances of the lines that it serves
                a line goes to an offer only at a tier within its ceiling
                units missing of a product <= what may stay unfilled
                a supplier's amount >= its minimum x used,  >= its free-delivery amount x free
"""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from app.catalog.terms import SupplierTerms
from app.sourcing.optimiser.problem import Plan, Problem

INFINITE = float("inf")


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
        self,
        terms: SupplierTerms,
        amount: Sequence[tuple[int, float]],
        used: int,
        *,
        margin: Decimal,
        fee: float,
        whole: bool = True,
    ) -> "SupplierRows":
        """Add a minimum and free delivery: the fee of a supplier that is used falls away from an amount on."""
        free, rows = None, []
        if terms.minimum_order:
            rows.append(self.row([*amount, (used, -float(terms.minimum_order + margin))], lower=0.0))
        if terms.may_charge and terms.free_delivery_from is not None:
            free = self.column(1.0, -fee, whole=whole)
            self.row([(free, 1.0), (used, -1.0)], upper=0.0)
            rows.append(self.row([*amount, (free, -float(terms.free_delivery_from + margin))], lower=0.0))
        return SupplierRows(free, rows)


class SupplierRows(NamedTuple):
    """Of a supplier: the column that says whether it delivers free, and the rows that hold its amount to thresholds."""

    free: int | None
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


@dataclass(frozen=True)
class Conditions:
    """How a program departs from its problem.

    `margins`: by supplier, euros that its thresholds are raised by, where rounding would miss them. `factors`: by
    supplier, what its prices are multiplied by, to draw goods to it or away. `only_unfilled`: units may be left beyond
    what is allowed, and nothing but these costs.
    """

    margins: Mapping[int, Decimal] = field(default_factory=dict)
    factors: Mapping[int, float] = field(default_factory=dict)
    only_unfilled: bool = False


def build(problem: Problem, premium: Decimal, conditions: Conditions) -> Model:
    """The program of a problem, with a premium for the charter."""
    builder = _Builder(problem, premium, conditions)
    builder.offers()
    builder.products()
    builder.suppliers()
    return builder.model


class _Builder:
    def __init__(self, problem: Problem, premium: Decimal, conditions: Conditions) -> None:
        self.problem, self.premium, self.conditions = problem, premium, conditions
        self.program = Program()
        self.groups = _groups(problem)
        self.model = Model(problem, self.program, self.groups, {}, {})
        self.of_offer: defaultdict[int, list[Group]] = defaultdict(list)
        for group in self.groups:
            for offer, _tiers in group.tiers:
                self.of_offer[offer].append(group)
        self.used: dict[int, int] = {}
        self.amounts: defaultdict[int, list[tuple[int, float]]] = defaultdict(list)
        self.short: defaultdict[Hashable, list[tuple[int, float]]] = defaultdict(list)
        for at, terms in enumerate(problem.suppliers):
            if terms.thresholds:
                self.used[at] = self.program.column(1.0, self._cost(terms.delivery_fee if terms.may_charge else None))

    def _cost(self, euros: Decimal | None) -> float:
        return 0.0 if self.conditions.only_unfilled or euros is None else float(euros)

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
            weighed = self.premium * terms.reference_price * (100 - terms.score) / 100
            in_force = self.program.column(1.0)
            paid = float(price) * self.conditions.factors.get(terms.supplier, 1.0) + float(weighed)
            cost = 0.0 if self.conditions.only_unfilled else terms.pack_size * paid
            packs = self.program.column(float(highest), cost)
            self.program.row([(packs, 1.0), (in_force, -float(highest))], upper=0.0)
            self.program.row([(packs, 1.0), (in_force, -float(least))], lower=0.0)
            self.amounts[terms.supplier].append((packs, float(terms.pack_size * price)))
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
            allowed = float(self.problem.unfilled_allowed.get(product, 0))
            beyond = []
            if self.conditions.only_unfilled:
                beyond = [(self.program.column(INFINITE, 1.0, whole=False), -1.0)]
            self.program.row([*terms, *beyond], upper=allowed)

    def suppliers(self) -> None:
        """Minimums and free delivery."""
        for supplier, used in self.used.items():
            terms = self.problem.suppliers[supplier]
            margin = self.conditions.margins.get(supplier, Decimal(0))
            fee = self._cost(terms.delivery_fee)
            self.program.supplier(terms, self.amounts[supplier], used, margin=margin, fee=fee)


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
