"""Cart, checkout, approval inside the company, withdrawal: what the shop allows and refuses."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from app.accounts.actor import COMMAND_LINE, Actor
from app.accounts.permissions import Role
from app.catalog.service import set_withdrawn
from app.core import clock
from app.core.errors import Conflict, InvalidInput, NotAllowed, NotFound, StaleVersion
from app.orders.consolidation.round_lifecycle import close_round
from app.orders.ordering.approval_rules import StepRule
from app.orders.ordering.approval_settings import create_approval_rule, create_cost_centre
from app.orders.ordering.approvals import decide_order
from app.orders.ordering.budgets import BudgetExceeded, set_budget
from app.orders.ordering.member_orders import set_cart_line, submit_order, withdraw_order
from app.orders.ordering.models.company import Budget
from app.orders.ordering.models.demand import RoundDemand
from app.orders.ordering.models.member_orders import IfUnfilled, MemberOrder, OrderLine, OrderStatus
from app.orders.rounds.models import RoundStatus
from tests.factories import CUT_OFF, NOW, World


def cart(
    session: Session, buyer: Actor, world: World, quantity: int = 1, offer=None, purchasing_round=None
) -> MemberOrder:
    return set_cart_line(
        session,
        buyer,
        round_id=(purchasing_round or world.an_open_round()).id or 0,
        offer_id=(offer or world.an_offer(tiers=((1, "10.00"), (20, "9.00")))).id or 0,
        quantity=quantity,
    )


def demand(session: Session) -> list[tuple[int, int, int]]:
    session.expire_all()
    rows = session.exec(select(RoundDemand).where(RoundDemand.line_count > 0)).all()
    return [(row.quantity, row.tolerance, row.line_count) for row in rows]


def test_a_line_keeps_the_list_price_as_its_ceiling(world: World, session: Session) -> None:
    order = cart(session, world.a_buyer(), world, 5)
    assert [line.ceiling_price for line in world.lines_of(order)] == [Decimal("10.00")]


def test_quantity_0_takes_a_line_out(world: World, session: Session) -> None:
    buyer, offer, purchasing_round = world.a_buyer(), world.an_offer(), world.an_open_round()
    order = cart(session, buyer, world, 5, offer, purchasing_round)
    cart(session, buyer, world, 0, offer, purchasing_round)
    assert world.lines_of(order) == []
    with pytest.raises(Conflict, match="cart is empty"):
        submit_order(session, buyer, order.id or 0)


def test_a_placed_order_counts_in_the_groups_demand_until_it_is_cancelled(world: World, session: Session) -> None:
    offer, purchasing_round = world.an_offer(), world.an_open_round()
    buyer = world.a_buyer()
    world.an_order(purchasing_round, (offer, 4, 1))
    order = world.an_order(purchasing_round, (offer, 6, 2), buyer=buyer)
    assert demand(session) == [(10, 3, 2)]
    withdraw_order(session, buyer, order.id or 0)
    assert demand(session) == [(4, 1, 1)]


def test_nothing_enters_or_leaves_after_the_cut_off(world: World, session: Session) -> None:
    buyer, purchasing_round = world.a_buyer(), world.an_open_round()
    order = world.an_order(purchasing_round, (world.an_offer(), 1), buyer=buyer)
    waiting = cart(session, buyer, world, 1, None, purchasing_round)
    with clock.frozen(CUT_OFF):
        for step in (
            lambda: submit_order(session, buyer, waiting.id or 0),
            lambda: withdraw_order(session, buyer, order.id or 0),
            lambda: cart(session, buyer, world, 2, None, purchasing_round),
        ):
            with pytest.raises(Conflict, match="takes no orders now"):
                step()


def test_a_withdrawn_offer_cannot_be_ordered_nor_checked_out(world: World, session: Session) -> None:
    buyer, offer, purchasing_round = world.a_buyer(), world.an_offer(), world.an_open_round()
    order = cart(session, buyer, world, 1, offer, purchasing_round)
    set_withdrawn(session, COMMAND_LINE, offer.id or 0, True)
    with pytest.raises(Conflict, match="was withdrawn: take it out"):
        submit_order(session, buyer, order.id or 0)
    with pytest.raises(Conflict, match="is withdrawn"):
        cart(session, buyer, world, 2, offer, purchasing_round)


def test_a_price_that_rose_since_is_told_before_the_order_is_placed(world: World, session: Session) -> None:
    buyer, offer = world.a_buyer(), world.an_offer()
    order = cart(session, buyer, world, 1, offer)
    offer.tier_prices = [Decimal("11.00")]
    session.flush()
    with pytest.raises(Conflict, match=r"rose from 10\.0000 € to 11\.0000 €"):
        submit_order(session, buyer, order.id or 0)


def test_one_order_is_placed_once_and_by_its_buyer(world: World, session: Session) -> None:
    buyer = world.a_buyer()
    order = cart(session, buyer, world)
    with pytest.raises(NotFound):
        submit_order(session, world.a_buyer(), order.id or 0)
    with pytest.raises(StaleVersion):
        submit_order(session, buyer, order.id or 0, expected_version=99)
    submit_order(session, buyer, order.id or 0)
    with pytest.raises(Conflict, match="was placed already"):
        submit_order(session, buyer, order.id or 0)


@pytest.mark.parametrize("quantity", [-1, 1_000_001])
def test_quantities_out_of_range_are_refused(world: World, session: Session, quantity: int) -> None:
    with pytest.raises(InvalidInput, match="whole numbers from 0"):
        cart(session, world.a_buyer(), world, quantity)


def test_the_association_places_no_orders(world: World, session: Session) -> None:
    with pytest.raises(NotAllowed):
        cart(session, world.a_manager(), world)


def test_a_budget_is_held_at_the_most_that_an_order_may_cost(world: World, session: Session) -> None:
    company = world.a_company()
    approver, buyer = world.an_actor(Role.APPROVER, company=company), world.a_buyer(company)
    budget = set_budget(session, approver, month=date(2026, 3, 15), amount=Decimal("100.00"))
    purchasing_round, offer = world.an_open_round(), world.an_offer()
    order = world.an_order(purchasing_round, (offer, 5, 2), buyer=buyer)
    assert session.get_one(Budget, budget.id).committed == Decimal("70.00")
    with pytest.raises(BudgetExceeded, match=r"40\.00 €, and 30\.00 € are left of the budget of 03/2026"):
        world.an_order(purchasing_round, (offer, 4), buyer=buyer)
    with pytest.raises(BudgetExceeded, match="is not set below"):
        set_budget(session, approver, month=date(2026, 3, 1), amount=Decimal("60.00"))
    withdraw_order(session, buyer, order.id or 0)
    session.expire_all()
    assert session.get_one(Budget, budget.id).committed == 0


def test_a_cost_centre_has_a_budget_of_its_own_within_the_companys(world: World, session: Session) -> None:
    company = world.a_company()
    approver, buyer = world.an_actor(Role.APPROVER, company=company), world.a_buyer(company)
    centre = create_cost_centre(session, approver, "ATELIER", "Atelier")
    set_budget(session, approver, month=NOW.date(), amount=Decimal(1000))
    set_budget(session, approver, month=NOW.date(), amount=Decimal(30), cost_centre_id=centre.id)
    order = cart(session, buyer, world, 4)
    with pytest.raises(BudgetExceeded):
        submit_order(session, buyer, order.id or 0, cost_centre_id=centre.id)
    with pytest.raises(InvalidInput, match="no such cost centre"):
        submit_order(session, buyer, order.id or 0, cost_centre_id=999_999)


def test_an_order_above_the_buyers_limit_waits_for_an_approver(world: World, session: Session) -> None:
    company = world.a_company()
    approver, buyer = world.an_actor(Role.APPROVER, company=company), world.a_buyer(company, order_limit="50.00")
    purchasing_round, offer = world.an_open_round(), world.an_offer()
    small = world.an_order(purchasing_round, (offer, 5), buyer=buyer)
    large = world.an_order(purchasing_round, (offer, 6), buyer=buyer)
    assert (small.status, large.status) == (OrderStatus.APPROVED, OrderStatus.AWAITING_APPROVAL)
    decided = decide_order(session, approver, large.id or 0, approve=True)
    assert decided.status is OrderStatus.APPROVED
    mails = session.execute(
        text("SELECT args->>'to' FROM procrastinate_jobs WHERE task_name = 'mail.send' ORDER BY id")
    )
    assert list(mails.scalars()) == [approver.identity, buyer.identity]


def test_steps_are_decided_one_after_the_other_each_by_who_is_asked(world: World, session: Session) -> None:
    company = world.a_company()
    team, boss = (world.an_actor(Role.APPROVER, company=company) for _ in range(2))
    buyer = world.a_buyer(company)
    create_approval_rule(session, boss, StepRule(1, above_amount=Decimal(100), approver_id=team.person_id))
    create_approval_rule(session, boss, StepRule(2, above_amount=Decimal(1000), approver_id=boss.person_id))
    purchasing_round, offer = world.an_open_round(), world.an_offer()
    assert world.an_order(purchasing_round, (offer, 10), buyer=buyer).status is OrderStatus.APPROVED
    order = world.an_order(purchasing_round, (offer, 101), buyer=buyer)
    with pytest.raises(Conflict, match="for another approver"):
        decide_order(session, boss, order.id or 0, approve=True)
    assert decide_order(session, team, order.id or 0, approve=True).status is OrderStatus.AWAITING_APPROVAL
    assert decide_order(session, boss, order.id or 0, approve=True).status is OrderStatus.APPROVED


def test_nobody_approves_their_own_order_nor_anothers_firm(world: World, session: Session) -> None:
    company = world.a_company()
    buying_approver, other = (world.an_actor(Role.APPROVER, company=company) for _ in range(2))
    create_approval_rule(session, other, StepRule(1))
    order = world.an_order(world.an_open_round(), (world.an_offer(), 1), buyer=buying_approver)
    with pytest.raises(Conflict, match="their own order"):
        decide_order(session, buying_approver, order.id or 0, approve=True)
    with pytest.raises(NotFound):
        decide_order(session, world.an_actor(Role.APPROVER, company=world.a_company()), order.id or 0, approve=True)


def test_a_rejected_order_leaves_the_round_and_frees_its_budget(world: World, session: Session) -> None:
    company = world.a_company()
    approver, buyer = world.an_actor(Role.APPROVER, company=company), world.a_buyer(company)
    budget = set_budget(session, approver, month=NOW.date(), amount=Decimal(100))
    create_approval_rule(session, approver, StepRule(1))
    order = world.an_order(world.an_open_round(), (world.an_offer(), 3), buyer=buyer)
    decide_order(session, approver, order.id or 0, approve=False, comment="trop cher")
    assert order.status is OrderStatus.REJECTED
    assert demand(session) == []
    assert session.get_one(Budget, budget.id).committed == 0


def test_who_still_waits_at_cut_off_rolls_over_and_is_decided_there(world: World, session: Session) -> None:
    company = world.a_company()
    approver, buyer = world.an_actor(Role.APPROVER, company=company), world.a_buyer(company)
    create_approval_rule(session, approver, StepRule(1))
    first = world.an_open_round("R1")
    world.an_open_round("R2", closes_at=CUT_OFF + timedelta(days=7))
    order = world.an_order(first, (world.an_offer(), 3), buyer=buyer)
    close_round(session, COMMAND_LINE, "R1")
    session.expire_all()
    assert session.get_one(MemberOrder, order.id).status is OrderStatus.ROLLED_OVER
    successor = session.exec(select(MemberOrder).where(MemberOrder.rolled_over_from_id == order.id)).one()
    assert successor.status is OrderStatus.AWAITING_APPROVAL
    assert decide_order(session, approver, successor.id or 0, approve=True).status is OrderStatus.APPROVED


def test_in_the_completing_phase_orders_may_only_help_to_fill_packs(world: World, session: Session) -> None:
    purchasing_round = world.an_open_round(completing_from=NOW + timedelta(hours=1))
    offer = world.an_offer(pack=10)
    buyer = world.a_buyer()
    order = world.an_order(purchasing_round, (offer, 6), buyer=buyer)  # 4 are missing
    with clock.frozen(NOW + timedelta(hours=2)):
        world.an_order(purchasing_round, (offer, 3))  # 1 is missing
        with pytest.raises(Conflict, match="completing its packs"), session.begin_nested():
            world.an_order(purchasing_round, (offer, 5))  # 6 would be missing
        with pytest.raises(Conflict, match="completing its packs"), session.begin_nested():
            withdraw_order(session, buyer, order.id or 0)
        world.an_order(purchasing_round, (offer, 1))
    assert purchasing_round.status is RoundStatus.OPEN


def test_a_line_says_what_becomes_of_what_it_does_not_get(world: World, session: Session) -> None:
    order = world.an_order(world.an_open_round(), (world.an_offer(), 1), if_unfilled=IfUnfilled.CANCEL)
    assert [line.if_unfilled for line in session.exec(select(OrderLine).where(OrderLine.order_id == order.id))] == [
        "cancel"
    ]
