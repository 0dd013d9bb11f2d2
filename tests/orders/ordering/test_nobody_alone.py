"""Nobody alone: no person approves what they asked for; what cannot be granted waits where the association sees it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.accounts.models import Company
from app.accounts.permissions import Role
from app.core.errors import Conflict
from app.orders.fulfilment.acknowledgement import Answer, acknowledge_order
from app.orders.ordering.approval_rules import OrderFacts, StepRule
from app.orders.ordering.approval_settings import create_approval_rule
from app.orders.ordering.approvals import ask_again, decide_order, foresee_steps, may_decide
from app.orders.ordering.budgets import set_budget
from app.orders.ordering.deputies import name_deputy
from app.orders.ordering.models.company import Budget, OrderApproval
from app.orders.ordering.models.member_orders import MemberOrder, OrderStatus
from app.orders.ordering.queries.orders import list_waiting, waiting_for_association
from tests.factories import CUT_OFF, NOW, World
from tests.site import Site


def subjects(session: Session) -> list[tuple[str, str]]:
    rows = session.execute(
        text("SELECT args->>'to' AS address, args->>'subject' AS subject FROM procrastinate_jobs"
             " WHERE task_name = 'mail.send' ORDER BY id")
    )  # fmt: skip
    return [(row.address, row.subject) for row in rows]


def both_roles(world: World, company: Company, limit: str | None = "10") -> Actor:
    return world.an_actor(Role.EMPLOYEE, Role.APPROVER, company=company, order_limit=limit)


def successors(session: Session, order: MemberOrder) -> list[MemberOrder]:
    query = select(MemberOrder).where(MemberOrder.rolled_over_from_id == order.id).order_by(col(MemberOrder.id))
    return list(session.exec(query.execution_options(populate_existing=True)))


def test_a_limit_with_nobody_above_it_sends_the_order_to_the_association(world: World, session: Session) -> None:
    boss, manager = both_roles(world, world.a_company()), world.a_manager()
    facts = OrderFacts(Decimal("40.00"), 1, frozenset(), over_limit=True)
    assert [step.by_association for step in foresee_steps(session, boss, facts)] == [True]
    order = world.an_order(world.an_open_round("R"), (world.an_offer(), 4), buyer=boss)
    assert order.status is OrderStatus.AWAITING_APPROVAL
    assert [row.id for row in waiting_for_association(session, 10)] == [order.id]
    assert (manager.label, f"Order {order.reference} waits for the association") in subjects(session)
    with pytest.raises(Conflict, match="Nobody approves their own order"):
        decide_order(session, boss, order.id or 0, approve=True)
    assert (may_decide(session, boss, order), may_decide(session, manager, order)) == (False, True)
    assert decide_order(session, manager, order.id or 0, approve=True).status is OrderStatus.APPROVED
    assert waiting_for_association(session, 10) == []


def test_a_rule_of_a_firm_whose_only_approver_orders_goes_to_the_association(world: World, session: Session) -> None:
    boss = both_roles(world, world.a_company(), limit=None)
    create_approval_rule(session, boss, StepRule(1, above_amount=Decimal(20)))
    below = world.an_order(world.an_open_round("R"), (world.an_offer(), 2), buyer=boss)
    above = world.an_order(
        session.get_one(type(world.an_open_round("R2")), below.round_id), (world.an_offer(), 3), buyer=boss
    )
    assert (below.status, above.status) == (OrderStatus.APPROVED, OrderStatus.AWAITING_APPROVAL)


def test_the_association_leaves_a_firm_that_has_an_approver_to_decide(world: World, session: Session) -> None:
    company = world.a_company()
    boss, other = both_roles(world, company), world.an_actor(Role.APPROVER, company=company)
    order = world.an_order(world.an_open_round("R"), (world.an_offer(), 4), buyer=boss)
    with pytest.raises(Conflict, match="An approver of the firm decides"):
        decide_order(session, world.a_manager(), order.id or 0, approve=True)
    assert decide_order(session, other, order.id or 0, approve=True).status is OrderStatus.APPROVED


def test_whoever_switches_the_others_off_does_not_approve_for_that(world: World, session: Session) -> None:
    company = world.a_company()
    boss, other = both_roles(world, company), world.an_actor(Role.APPROVER, company=company)
    order = world.an_order(world.an_open_round("R"), (world.an_offer(), 4), buyer=boss)
    session.execute(text("UPDATE people SET active = false WHERE id = :id"), {"id": other.person_id})
    session.expire_all()
    with pytest.raises(Conflict, match="Nobody approves their own order"):
        decide_order(session, boss, order.id or 0, approve=True)
    assert [row.id for row in waiting_for_association(session, 10)] == [order.id]
    assert decide_order(session, world.a_manager(), order.id or 0, approve=True).status is OrderStatus.APPROVED


def test_a_deputy_of_the_buyer_does_not_decide_for_them(world: World, session: Session) -> None:
    company = world.a_company()
    boss, colleague = both_roles(world, company), world.a_buyer(company)
    today = NOW.date()
    name_deputy(session, boss, deputy_id=colleague.person_id or 0, first_day=today, last_day=today)
    order = world.an_order(world.an_open_round("R"), (world.an_offer(), 4), buyer=boss)
    with pytest.raises(Conflict, match="Nobody approves their own order"):
        decide_order(session, colleague, order.id or 0, approve=True)


def test_a_step_for_somebody_who_is_gone_is_for_the_others(world: World, session: Session) -> None:
    company = world.a_company()
    first, second = (world.an_actor(Role.APPROVER, company=company) for _ in range(2))
    create_approval_rule(session, first, StepRule(1, approver_id=first.person_id))
    order = world.an_order(world.an_open_round("R"), (world.an_offer(), 4), buyer=world.a_buyer(company))
    with pytest.raises(Conflict, match="another approver"):
        decide_order(session, second, order.id or 0, approve=True)
    assert list_waiting(session, second, None, 10).items == []
    session.execute(text("UPDATE people SET active = false WHERE id = :id"), {"id": first.person_id})
    session.expire_all()
    assert [row.id for row in list_waiting(session, second, None, 10).items] == [order.id]
    assert decide_order(session, second, order.id or 0, approve=True).status is OrderStatus.APPROVED


def test_what_is_carried_over_is_limited_like_a_new_order(world: World, session: Session) -> None:
    company = world.a_company()
    approver = world.an_actor(Role.APPROVER, company=company)
    buyer = world.a_buyer(company)
    offer = world.an_offer(world.a_supplier("S1"))
    order = world.an_order(world.an_open_round("R1"), (offer, 6), buyer=buyer)
    second = world.an_open_round("R2", closes_at=CUT_OFF + timedelta(days=7))
    world.play("R1")
    session.execute(text("UPDATE people SET order_limit = 15 WHERE id = :id"), {"id": buyer.person_id})
    session.expire_all()
    acknowledge_order(session, world.a_manager(), "R1-S1", [Answer(offer.sku, 5)])  # one unit: 10 €, within the limit
    acknowledge_order(session, world.a_manager(), "R1-S1", [Answer(offer.sku, 3)])  # two more: 20 €, above it
    granted, waiting = successors(session, order)
    assert (granted.status, waiting.status) == (OrderStatus.APPROVED, OrderStatus.AWAITING_APPROVAL)
    assert [line.quantity for one in (granted, waiting) for line in world.lines_of(one)] == [1, 2]
    demand = session.scalar(text("SELECT quantity FROM round_demand WHERE round_id = :id"), {"id": second.id})
    assert demand == 3
    before = len(subjects(session))
    ask_again(session, waiting.id or 0)
    assert subjects(session)[before:] == [(approver.label, f"Order {waiting.reference} waits for your approval")]
    assert decide_order(session, approver, waiting.id or 0, approve=True).status is OrderStatus.APPROVED


def test_what_is_carried_over_passes_the_rules_of_its_firm(world: World, session: Session) -> None:
    company = world.a_company()
    approver = world.an_actor(Role.APPROVER, company=company)
    offer = world.an_offer(pack=100)
    order = world.an_order(world.an_open_round("R1"), (offer, 6), buyer=world.a_buyer(company))
    world.an_open_round("R2", closes_at=CUT_OFF + timedelta(days=7))
    create_approval_rule(session, approver, StepRule(1, above_amount=Decimal(50)))
    create_approval_rule(session, approver, StepRule(2, category_id=_category_of(session, offer.product_id)))
    world.play("R1")
    (successor,) = successors(session, order)
    steps = session.exec(select(OrderApproval.step).where(OrderApproval.order_id == successor.id)).all()
    assert (successor.status, sorted(steps)) == (OrderStatus.AWAITING_APPROVAL, [1, 2])


def _category_of(session: Session, product_id: int) -> int:
    return session.execute(
        text("SELECT category_id FROM products WHERE id = :id"), {"id": product_id}
    ).scalar_one()  # fmt: skip


def test_a_growing_shortage_never_overspends_the_budget(world: World, session: Session) -> None:
    company = world.a_company()
    boss = both_roles(world, company, limit=None)
    offer = world.an_offer(world.a_supplier("S1"))
    order = world.an_order(world.an_open_round("R1"), (offer, 6), buyer=boss)
    world.an_open_round("R2", closes_at=CUT_OFF + timedelta(days=7))
    world.play("R1")
    budget = set_budget(session, boss, month=NOW.date(), amount=Decimal("15.00"))
    for confirmed in (5, 4):
        acknowledge_order(session, world.a_manager(), "R1-S1", [Answer(offer.sku, confirmed)])
    fits, waits = successors(session, order)
    assert (fits.status, waits.status) == (OrderStatus.APPROVED, OrderStatus.AWAITING_APPROVAL)
    assert session.get_one(Budget, budget.id, populate_existing=True).committed == Decimal("10.00")
    assert [row.id for row in waiting_for_association(session, 10)] == [waits.id]  # the buyer is the only approver


def test_the_association_sees_and_decides_on_its_pages(site: Site, world: World, session: Session) -> None:
    manager = world.a_manager()
    order = world.an_order(world.an_open_round("R"), (world.an_offer(), 4), buyer=both_roles(world, world.a_company()))
    page = site.get("/cockpit", manager).text
    assert f'href="/orders/{order.id}"' in page
    shown = site.get(f"/orders/{order.id}", manager).text
    assert "nobody else in the firm may approve" in shown
    answer = site.post(f"/approvals/{order.id}", manager, data={"decision": "approve"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/orders/{order.id}")
    session.expire_all()
    assert session.get_one(MemberOrder, order.id).status is OrderStatus.APPROVED
