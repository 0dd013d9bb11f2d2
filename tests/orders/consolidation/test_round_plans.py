"""Plans for a round: worked out, compared, applied; who accepts no equivalent never moves, nobody pays more."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import COMMAND_LINE, Actor
from app.catalog.assortment import open_to
from app.catalog.models import Offer, Supplier
from app.core import clock
from app.core.errors import Conflict, InvalidInput, NotAllowed
from app.orders.consolidation import round_plans
from app.orders.consolidation.decisions import choose_for_supplier, exclude_line, set_packs
from app.orders.consolidation.draft import consolidate_round
from app.orders.consolidation.models.plans import PlanStatus, RoundPlan
from app.orders.consolidation.models.supplier_orders import SupplierDecision
from app.orders.consolidation.plan_points import points_of
from app.orders.consolidation.round_approval import approve_round
from app.orders.consolidation.round_book import read_round_book
from app.orders.ordering.member_orders import set_cart_line, submit_order
from app.orders.ordering.models.member_orders import OrderLine
from app.orders.rounds.service import get_round
from app.orders.tracking.queries.served_lines import list_served_lines
from tests.factories import World
from tests.site import Site

D = Decimal


@pytest.fixture(autouse=True)
def on_the_tests_own_session(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs work on the test's transaction."""

    @contextmanager
    def transaction() -> Iterator[Session]:
        with session.begin_nested():
            yield session

    monkeypatch.setattr(round_plans, "transaction", transaction)


@dataclass
class Market:
    """A product that two suppliers offer: the first dearer and near, the other cheap with a delivery fee."""

    world: World
    near: Offer
    far: Offer
    manager: Actor
    code: str = "R"

    @classmethod
    def of(
        cls, world: World, *lines: tuple[int, bool], far_price: str = "8.00", fee: str = "5",
        far_for_others: bool = False, minimum: str | None = None, near_minimum: str | None = None,
        near_pack: int = 1,
    ) -> "Market":  # fmt: skip
        """A consolidated round: lines `(quantity, accepts an equivalent)` of the near offer."""
        near_terms = {"minimum_order": D(near_minimum)} if near_minimum else {}
        near = world.an_offer(world.a_supplier("NEAR", **near_terms), ((1, "10.00"),), near_pack)
        far_terms = {"minimum_order": D(minimum)} if minimum else {}
        cheap = world.a_supplier("FAR", free_delivery_from=D(100), delivery_fee=D(fee), **far_terms)
        far = world.an_offer(cheap, ((1, far_price),))
        far.product_id = near.product_id
        world.session.execute(
            text("INSERT INTO offer_scores VALUES (:id, 1, 90, 90, 90, 90, 'A', 100, now())"), {"id": near.id}
        )
        market = cls(world, near, far, world.a_manager())
        if far_for_others:
            open_to(world.session, market.manager, sku=far.sku, company_id=world.a_company().id)
        opened = world.an_open_round("R")
        for quantity, accepts in lines:
            buyer = world.a_buyer()
            cart = set_cart_line(
                world.session, buyer, round_id=opened.id or 0, offer_id=near.id or 0, quantity=quantity,
                accepts_equivalents=accepts,
            )  # fmt: skip
            submit_order(world.session, buyer, cart.id or 0)
        world.play("R", until=consolidate_round)
        return market

    def plans(self, *premiums: str) -> list[RoundPlan]:
        session = self.world.session
        round_plans.ask_for_plans(session, self.manager, "R", [D(one) for one in premiums], 20)
        round_plans.work_out_plans(get_round(session, "R").id or 0)
        return round_plans.list_plans(session, "R")

    def apply(self, plan: RoundPlan) -> None:
        round_plans.apply_plan(self.world.session, self.manager, "R", plan.id or 0)

    def ordered(self) -> dict[str, int]:
        rows = self.world.session.execute(
            text("""
                SELECT s.code, l.quantity FROM supplier_order_lines l
                JOIN supplier_orders o ON o.id = l.supplier_order_id JOIN suppliers s ON s.id = o.supplier_id
            """)
        )
        return {row.code: row.quantity for row in rows}

    def paid(self) -> Decimal:
        return D(self.world.session.scalar(text("SELECT sum(amount + delivery_fee) FROM supplier_orders")) or 0)


def test_a_plan_moves_only_the_lines_that_accept_an_equivalent(world: World) -> None:
    market = Market.of(world, (10, True), (5, False))
    (plan,) = market.plans("0")
    assert (plan.status, plan.plain_cost, plan.cost, plan.moved_lines) == (PlanStatus.DONE, D(150), D(135), 1)
    assert (plan.gap, plan.saved, plan.delivery_fees) == (D(0), D(15), D(5))
    market.apply(plan)
    assert market.ordered() == {"NEAR": 5, "FAR": 10}
    assert market.paid() == plan.cost
    assert world.session.scalar(text("SELECT count(*) FROM allocations WHERE unfilled > 0")) == 0


def test_the_charter_keeps_goods_with_the_better_supplier_from_some_premium_on(world: World) -> None:
    market = Market.of(world, (10, True))
    cheap, dear = market.plans("0", "1")
    assert (cheap.cost, cheap.score, cheap.moved_lines) == (D(85), D(0), 1)
    assert (dear.cost, dear.score, dear.moved_lines) == (D(100), D(90), 0)
    market.apply(cheap)
    assert market.ordered() == {"FAR": 10}
    round_plans.take_plan_back(world.session, market.manager, "R")
    assert market.ordered() == {"NEAR": 10}


def test_a_supplier_stays_under_its_minimum_only_where_that_serves_people(world: World) -> None:
    market = Market.of(world, (10, True), minimum="500")
    (plan,) = market.plans("0")
    assert (plan.moved_lines, plan.cost, plan.under_minimum) == (0, D(100), []), "cheaper, but under its minimum"


def test_no_line_moves_where_those_left_behind_would_be_under_the_minimum(world: World) -> None:
    market = Market.of(world, (10, True), (5, False), near_minimum="90")
    (plan,) = market.plans("0")
    assert (plan.moved_lines, plan.cost, plan.saved, plan.under_minimum) == (0, D(150), D(0), [])


def test_who_only_a_supplier_under_its_minimum_can_serve_is_served_once_that_is_decided(world: World) -> None:
    market = Market.of(world, (5, False), near_minimum="90")
    (plan,) = market.plans("0")
    assert (plan.unfilled, plan.least_unfilled, plan.cost, plan.saved) == (0, 0, D(50), D(0))
    assert plan.under_minimum == plan.plain_under_minimum == ["NEAR"]
    market.apply(plan)
    assert market.paid() == plan.cost
    with pytest.raises(Conflict, match="under their minimum"):
        approve_round(world.session, COMMAND_LINE, "R")
    choose_for_supplier(world.session, market.manager, "R", market.near.supplier_id, SupplierDecision.PAY_FEE)
    approve_round(world.session, COMMAND_LINE, "R")
    assert market.paid() == plan.cost


def test_a_unit_that_plain_packs_leave_is_bought_elsewhere_and_stands_beside_the_saving(world: World) -> None:
    market = Market.of(world, (4, False), (1, True), fee="2", near_pack=4)
    (plan,) = market.plans("0")
    assert (plan.plain_cost, plan.plain_unfilled, plan.plain_unfilled_amount) == (D(40), 1, D(10))
    assert (plan.cost, plan.unfilled, plan.unfilled_amount) == (D(50), 0, D(0)), "4 at 10, 1 at 8, and a fee of 2"
    assert (plan.more_units, plan.fewer_units) == (1, 0)
    assert plan.plain_cost - plan.cost == plan.saved + plan.fewer_amount - plan.more_amount
    market.apply(plan)
    assert (market.ordered(), market.paid()) == ({"NEAR": 4, "FAR": 1}, plan.cost)


def test_premiums_that_come_to_the_same_are_one_row_and_plain_is_one_of_them(world: World, site: Site) -> None:
    market = Market.of(world, (10, True), (5, False))
    plans = market.plans(*map(str, round_plans.FRONT))
    assert [plan.moved_lines for plan in plans] == [1, 1, 1, 1, 0, 0, 0]
    points = points_of(plans)
    assert [(point.runs, point.is_plain) for point in points] == [
        ([(D(0), D("0.2"))], False),
        ([(D("0.4"), D(1))], True),
    ]
    page = site.get("/rounds/R/plans", market.manager).text
    assert page.count("/application") == 1
    assert "0–20 %" in page
    assert "and the plan at 40–100 %" in page
    file = site.get("/rounds/R/plans?form=csv", market.manager).text
    assert len(file.strip().splitlines()) == 3


def test_runs_of_premiums_are_told_apart_where_others_lie_between() -> None:
    plans = [RoundPlan(round_id=1, premium=D(at), cost=D(cost)) for at, cost in ((0, 5), (1, 5), (2, 7), (3, 5))]
    assert [point.runs for point in points_of(plans)] == [[(D(0), D(1)), (D(3), D(3))], [(D(2), D(2))]]


def test_nobody_moves_to_an_offer_above_their_ceiling(world: World) -> None:
    market = Market.of(world, (4, True), far_price="10.01", fee="0")
    (plan,) = market.plans("0")
    assert (plan.moved_lines, plan.cost) == (0, D(40))


def test_a_plan_is_applied_only_to_what_it_was_worked_out_from(world: World) -> None:
    market = Market.of(world, (10, True), (5, True))
    (plan,) = market.plans("0")
    line = world.session.scalars(text("SELECT id FROM order_lines ORDER BY id LIMIT 1")).one()
    exclude_line(world.session, market.manager, "R", line, "cassé")
    with pytest.raises(Conflict, match="changed"):
        market.apply(plan)
    (again,) = market.plans("0")
    market.apply(again)
    assert market.ordered() == {"FAR": 5}


def test_a_catalogue_that_changes_after_the_cut_off_changes_no_plan(world: World) -> None:
    market = Market.of(world, (10, True))
    (plan,) = market.plans("0")
    market.far.tier_prices, market.far.withdrawn_at = [D("9.99")], clock.now()
    world.session.flush()
    market.apply(plan)
    assert (market.ordered(), market.paid()) == ({"FAR": 10}, D("85.00"))


def test_after_a_plan_the_manager_still_decides(world: World) -> None:
    market = Market.of(world, (10, True), (5, False))
    (plan,) = market.plans("0")
    market.apply(plan)
    set_packs(world.session, market.manager, "R", market.far.id or 0, 7)
    assert market.ordered() == {"NEAR": 5, "FAR": 7}
    far = market.far.supplier_id
    choose_for_supplier(world.session, market.manager, "R", far, SupplierDecision.DROP)
    assert market.ordered() == {"NEAR": 5}


def test_offers_that_are_withdrawn_or_not_for_everybody_take_nobody_in(world: World) -> None:
    market = Market.of(world, (10, True), far_for_others=True)
    assert {key[0] for key in read_round_book(world.session, get_round(world.session, "R")).book.terms} == {"NEAR"}
    (plan,) = market.plans("0")
    assert plan.moved_lines == 0


def test_a_moved_line_rolls_over_for_the_offer_that_was_chosen_and_keeps_its_choice(world: World) -> None:
    market = Market.of(world, (10, True))
    (plan,) = market.plans("0")
    market.apply(plan)
    world.an_open_round("NEXT", closes_at=get_round(world.session, "R").closes_at.replace(year=2027))
    choose_for_supplier(world.session, market.manager, "R", market.far.supplier_id, SupplierDecision.ROLL_OVER)
    approve_round(world.session, COMMAND_LINE, "R")
    carried = world.session.execute(
        text("SELECT offer_id, quantity, accepts_equivalents FROM order_lines WHERE rolled_over_from_id IS NOT NULL")
    ).one()
    assert tuple(carried) == (market.near.id, 10, True)


def test_what_cannot_be_asked_says_why(world: World) -> None:
    market = Market.of(world, (1, True))
    for premiums, seconds in (([D(6)], 60), ([], 60), ([D(0)], 0), ([D(0)], 601)):
        with pytest.raises(InvalidInput):
            round_plans.ask_for_plans(world.session, market.manager, "R", premiums, seconds)
    with pytest.raises(NotAllowed):
        round_plans.ask_for_plans(world.session, world.a_buyer(), "R")
    queued = round_plans.ask_for_plans(world.session, market.manager, "R", [D(0)])[0]
    with pytest.raises(Conflict):
        market.apply(queued)


def test_the_manager_compares_points_on_the_page_and_applies_one(world: World, site: Site) -> None:
    market = Market.of(world, (10, True), (5, False))
    assert "No point" in site.get("/rounds/R/plans", market.manager).text
    assert site.post("/rounds/R/plans", market.manager, data={"percent": "0"}).status_code == 303
    assert "being worked out" in site.get("/rounds/R/plans", market.manager).text
    round_plans.work_out_plans(get_round(world.session, "R").id or 0)
    page = site.get("/rounds/R/plans", market.manager).text
    assert "the best possible" in page
    assert "<polyline" in page
    plan = round_plans.list_plans(world.session, "R")[0]
    assert site.post(f"/rounds/R/plans/{plan.id}/application", market.manager).status_code == 303
    assert "applied" in site.get("/rounds/R/plans", market.manager).text
    refused = site.post("/rounds/R/plans", market.manager, data={"percent": "0"})
    assert refused.status_code == 409
    line = world.session.get_one(OrderLine, int(next(iter(plan.moves))))
    supplier = world.session.get_one(Supplier, market.far.supplier_id)
    lines = list_served_lines(world.session, line.order_id, None, 5).items
    assert [(one.accepts_equivalents, one.served_by) for one in lines] == [(True, f"{supplier.name}, {market.far.sku}")]
