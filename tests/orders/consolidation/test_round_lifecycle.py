"""A round's life in the database: closing, consolidation, the manager's decisions, approval, carrying over, sending."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlmodel import Session, col, select

from app.accounts.actor import COMMAND_LINE, Actor
from app.accounts.permissions import Role
from app.accounts.service import get_association
from app.commission.ledger.entries import trial_balance
from app.commission.service import create_rule
from app.core import clock
from app.core.errors import Conflict, InvalidInput, NotAllowed
from app.orders.consolidation.decisions import choose_for_supplier, exclude_line, set_packs
from app.orders.consolidation.draft import consolidate_round
from app.orders.consolidation.models.supplier_orders import (
    Allocation,
    DeliveryFeeShare,
    Drop,
    SupplierAlert,
    SupplierDecision,
    SupplierOrder,
    SupplierOrderStatus,
)
from app.orders.consolidation.round_approval import approve_round
from app.orders.consolidation.round_lifecycle import cancel_round, close_round, open_and_close_due_rounds, open_round
from app.orders.consolidation.sending import send_round
from app.orders.ordering.approvals import decide_order
from app.orders.ordering.budgets import set_budget
from app.orders.ordering.models.company import Budget
from app.orders.ordering.models.member_orders import IfUnfilled, MemberOrder, OrderLine, OrderStatus
from app.orders.rounds.models import Round, RoundStatus
from app.orders.rounds.service import create_round, next_cut_off, next_delivery_day
from tests.factories import CUT_OFF, NOW, World


@pytest.fixture
def manager(world: World) -> Actor:
    return world.a_manager()


def consolidated(session: Session, manager: Actor, code: str) -> Round:
    close_round(session, manager, code)
    return consolidate_round(session, manager, code)


def supplier_orders(session: Session) -> list[SupplierOrder]:
    session.expire_all()
    return list(session.exec(select(SupplierOrder).order_by(col(SupplierOrder.number))))


def allocations(session: Session) -> list[tuple[int, int, str | None]]:
    session.expire_all()
    rows = session.exec(select(Allocation).order_by(col(Allocation.order_line_id)))
    return [(row.allocated, row.unfilled, row.reason and row.reason.value) for row in rows]


def test_many_orders_become_one_order_a_supplier_with_a_drop_a_park(
    world: World, session: Session, manager: Actor
) -> None:
    create_rule(session, COMMAND_LINE, percent=Decimal("3.50"))
    south = world.a_park("sud")
    first, second = world.a_supplier("S1"), world.a_supplier("S2")
    gloves = world.an_offer(first, ((1, "10.00"), (10, "9.00")), pack=5)
    paper, glue = world.an_offer(first, ((1, "4.00"),)), world.an_offer(second, ((1, "2.50"),))
    purchasing_round = world.an_open_round("R")
    world.an_order(purchasing_round, (gloves, 6), (paper, 2))
    world.an_order(purchasing_round, (gloves, 4), (glue, 3), buyer=world.a_buyer(world.a_company("SUD", south)))
    consolidated(session, manager, "R")
    one, two = supplier_orders(session)
    assert (one.number, one.amount, one.list_amount) == ("R-S1", Decimal("98.00"), Decimal("108.00"))
    assert one.commission == Decimal("1.89") + Decimal("1.26") + Decimal("0.28")
    assert (two.number, two.amount) == ("R-S2", Decimal("7.50"))
    assert session.exec(select(Drop)).all() == []

    approved = approve_round(session, manager, "R")
    assert approved.status is RoundStatus.APPROVED
    drops = session.execute(
        text("""
            SELECT o.number, p.code, sum(l.quantity) FROM drops d JOIN supplier_orders o ON o.id = d.supplier_order_id
            JOIN parks p ON p.id = d.park_id JOIN drop_lines l ON l.drop_id = d.id GROUP BY 1, 2 ORDER BY 1, 2
        """)
    ).all()
    assert [tuple(row) for row in drops] == [("R-S1", "nord", 8), ("R-S1", "sud", 4), ("R-S2", "sud", 3)]
    balances = {b.account: (b.debit, b.credit) for b in trial_balance(session)}
    total = one.commission + two.commission
    assert balances == {"401": (total, 0), "7082": (0, total)}


def test_sending_leaves_by_a_job_for_each_supplier(world: World, session: Session, manager: Actor) -> None:
    purchasing_round = world.an_open_round("R")
    world.an_order(purchasing_round, (world.an_offer(), 1), (world.an_offer(), 1))
    consolidated(session, manager, "R")
    with pytest.raises(Conflict, match="needs it to be approved"):
        send_round(session, manager, "R")
    approve_round(session, manager, "R")
    send_round(session, manager, "R")
    assert {order.status for order in supplier_orders(session)} == {SupplierOrderStatus.SENT}
    jobs = session.execute(
        text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'orders.send_supplier_order'")
    )
    assert jobs.scalar_one() == 2
    with pytest.raises(Conflict):
        send_round(session, manager, "R")


def test_an_open_round_is_not_consolidated_nor_an_approved_one_again(
    world: World, session: Session, manager: Actor
) -> None:
    world.an_order(world.an_open_round("R"), (world.an_offer(), 1))
    with pytest.raises(Conflict, match="is open; this needs it to be closed"):
        consolidate_round(session, manager, "R")
    consolidated(session, manager, "R")
    approve_round(session, manager, "R")
    with pytest.raises(Conflict, match="is approved"):
        consolidate_round(session, manager, "R")


def test_orders_not_approved_inside_the_firm_take_no_part(world: World, session: Session, manager: Actor) -> None:
    company = world.a_company()
    world.an_actor(Role.APPROVER, company=company)
    offer, purchasing_round = world.an_offer(), world.an_open_round("R")
    world.an_order(purchasing_round, (offer, 4))
    world.an_order(purchasing_round, (offer, 50), buyer=world.a_buyer(company, order_limit="10"))
    consolidated(session, manager, "R")
    assert allocations(session) == [(4, 0, None)]
    demand = session.execute(text("SELECT quantity FROM round_demand WHERE line_count > 0")).scalar_one()
    assert demand == 4


def test_a_line_taken_out_changes_everyones_share_and_says_so(world: World, session: Session, manager: Actor) -> None:
    offer, purchasing_round = world.an_offer(pack=5), world.an_open_round("R")
    first = world.an_order(purchasing_round, (offer, 6))
    world.an_order(purchasing_round, (offer, 4))
    consolidated(session, manager, "R")
    (line,) = world.lines_of(first)
    with pytest.raises(InvalidInput, match="Say why"):
        exclude_line(session, manager, "R", line.id or 0, "  ")
    exclude_line(session, manager, "R", line.id or 0, "Commandé deux fois")
    assert allocations(session) == [(0, 6, "excluded"), (0, 4, "short")]
    assert supplier_orders(session) == []


def test_the_manager_may_order_fewer_packs_within_the_tolerances(
    world: World, session: Session, manager: Actor
) -> None:
    offer, purchasing_round = world.an_offer(pack=6), world.an_open_round("R")
    world.an_order(purchasing_round, (offer, 8, 4))
    consolidated(session, manager, "R")
    assert allocations(session) == [(12, 0, None)]
    set_packs(session, manager, "R", offer.id or 0, 1)
    assert allocations(session) == [(6, 2, "short")]
    with pytest.raises(InvalidInput, match="at most 2 packs"):
        set_packs(session, manager, "R", offer.id or 0, 3)
    set_packs(session, manager, "R", offer.id or 0, None)
    assert allocations(session) == [(12, 0, None)]


def test_a_supplier_under_its_minimum_must_be_decided_before_approval(
    world: World, session: Session, manager: Actor
) -> None:
    supplier = world.a_supplier("S1", minimum_order=Decimal(100))
    world.an_order(world.an_open_round("R"), (world.an_offer(supplier), 3))
    consolidated(session, manager, "R")
    assert [order.alert for order in supplier_orders(session)] == [SupplierAlert.BELOW_MINIMUM]
    with pytest.raises(Conflict, match="Decide first about the suppliers under their minimum order: S1"):
        approve_round(session, manager, "R")
    choose_for_supplier(session, manager, "R", supplier.id or 0, SupplierDecision.DROP)
    assert allocations(session) == [(0, 3, "supplier_dropped")]
    assert approve_round(session, manager, "R").status is RoundStatus.APPROVED


def test_a_delivery_fee_is_split_over_firms_in_proportion_to_the_cent(
    world: World, session: Session, manager: Actor
) -> None:
    supplier = world.a_supplier("S1", free_delivery_from=Decimal(500), delivery_fee=Decimal("10.00"))
    offer, purchasing_round = world.an_offer(supplier), world.an_open_round("R")
    for quantity in (1, 1, 1):
        world.an_order(purchasing_round, (offer, quantity))
    consolidated(session, manager, "R")
    (order,) = supplier_orders(session)
    assert (order.alert, order.delivery_fee) == (SupplierAlert.BELOW_FREE_DELIVERY, Decimal("10.00"))
    shares = session.exec(select(DeliveryFeeShare.amount).order_by(col(DeliveryFeeShare.company_id))).all()
    assert shares == [Decimal("3.34"), Decimal("3.33"), Decimal("3.33")]
    assert approve_round(session, manager, "R").status is RoundStatus.APPROVED


def test_what_is_not_served_rolls_over_once_or_is_cancelled_as_asked(
    world: World, session: Session, manager: Actor
) -> None:
    offer, purchasing_round = world.an_offer(pack=10), world.an_open_round("R1")
    world.an_open_round("R2", closes_at=CUT_OFF + timedelta(days=7))
    rolling = world.an_order(purchasing_round, (offer, 4, 2))
    world.an_order(purchasing_round, (offer, 3), if_unfilled=IfUnfilled.CANCEL)
    consolidated(session, manager, "R1")
    approve_round(session, manager, "R1")
    session.expire_all()
    (successor,) = session.exec(select(MemberOrder).where(col(MemberOrder.rolled_over_from_id).is_not(None))).all()
    assert (successor.rolled_over_from_id, successor.status) == (rolling.id, OrderStatus.APPROVED)
    (line,) = session.exec(select(OrderLine).where(OrderLine.order_id == successor.id)).all()
    assert (line.quantity, line.tolerance, line.ceiling_price) == (4, 2, Decimal("10.0000"))
    assert successor.reference == f"{rolling.reference}>R2-{rolling.id}"


def test_what_rolls_over_holds_the_budget_or_waits_for_an_approver(
    world: World, session: Session, manager: Actor
) -> None:
    company = world.a_company()
    approver = world.an_actor(Role.APPROVER, company=company)
    budget = set_budget(session, approver, month=NOW.date(), amount=Decimal("100.00"))
    offer, first = world.an_offer(pack=100), world.an_open_round("R1")
    second = world.an_open_round("R2", closes_at=CUT_OFF + timedelta(days=7))
    small = world.an_order(first, (offer, 3), buyer=world.a_buyer(company))
    large = world.an_order(first, (offer, 4), buyer=world.a_buyer(company))
    consolidated(session, manager, "R1")
    world.an_order(second, (world.an_offer(), 3), buyer=world.a_buyer(company))  # 100 € are placed: none are left
    approve_round(session, manager, "R1")  # nothing was served: 70 € are free again, then 30 € and 40 € roll over
    session.expire_all()
    assert session.get_one(Budget, budget.id).committed == Decimal("100.00")
    successors = session.exec(
        select(MemberOrder)
        .where(col(MemberOrder.rolled_over_from_id).in_([small.id, large.id]))
        .order_by(col(MemberOrder.id))
    ).all()
    assert [order.status for order in successors] == [OrderStatus.APPROVED, OrderStatus.APPROVED]


def test_what_no_longer_fits_the_budget_waits(world: World, session: Session, manager: Actor) -> None:
    company = world.a_company()
    approver = world.an_actor(Role.APPROVER, company=company)
    offer, first = world.an_offer(pack=100), world.an_open_round("R1")
    world.an_open_round("R2", closes_at=CUT_OFF + timedelta(days=7))
    order = world.an_order(first, (offer, 9), buyer=world.a_buyer(company))
    budget = set_budget(session, approver, month=NOW.date(), amount=Decimal("50.00"))  # set after the order was placed
    consolidated(session, manager, "R1")
    approve_round(session, manager, "R1")
    successor = session.exec(select(MemberOrder).where(MemberOrder.rolled_over_from_id == order.id)).one()
    assert successor.status is OrderStatus.AWAITING_APPROVAL
    assert session.get_one(Budget, budget.id).committed == 0
    assert decide_order(session, approver, successor.id or 0, approve=True).status is OrderStatus.APPROVED


def test_a_supplier_kept_open_gets_a_round_of_its_own_with_the_lines(
    world: World, session: Session, manager: Actor
) -> None:
    supplier = world.a_supplier("S1", minimum_order=Decimal(100))
    offer = world.an_offer(supplier)
    world.an_order(world.an_open_round("R"), (offer, 3), (world.an_offer(), 1))
    consolidated(session, manager, "R")
    until = CUT_OFF + timedelta(days=3)
    choose_for_supplier(session, manager, "R", supplier.id or 0, SupplierDecision.POSTPONE, until)
    with clock.frozen(CUT_OFF + timedelta(hours=1)):
        approve_round(session, manager, "R")
        sequel = session.exec(select(Round).where(Round.code == "R-S1")).one()
        assert (sequel.status, sequel.closes_at, sequel.only_supplier_id) == (RoundStatus.OPEN, until, supplier.id)
        world.an_order(sequel, (offer, 8))
        with pytest.raises(Conflict, match="one supplier only"):
            world.an_order(sequel, (world.an_offer(), 1))
        consolidated(session, manager, "R-S1")
    carried = [order for order in supplier_orders(session) if order.number == "R-S1-S1"]
    assert [order.amount for order in carried] == [Decimal("110.00")]


def test_above_the_limit_a_second_person_approves(world: World, session: Session, manager: Actor) -> None:
    get_association(session).second_approval_above = Decimal(50)
    world.an_order(world.an_open_round("R"), (world.an_offer(), 6))
    consolidated(session, manager, "R")
    assert approve_round(session, manager, "R").status is RoundStatus.CONSOLIDATED
    with pytest.raises(Conflict, match="a second person"):
        approve_round(session, manager, "R")
    treasurer = world.an_actor(Role.TREASURER)
    assert approve_round(session, treasurer, "R").status is RoundStatus.APPROVED


def test_consolidating_again_takes_the_first_approval_back(world: World, session: Session, manager: Actor) -> None:
    get_association(session).second_approval_above = Decimal(50)
    world.an_order(world.an_open_round("R"), (world.an_offer(), 6))
    consolidated(session, manager, "R")
    approve_round(session, manager, "R")
    consolidate_round(session, manager, "R")
    assert approve_round(session, world.an_actor(Role.TREASURER), "R").status is RoundStatus.CONSOLIDATED


def test_a_cancelled_round_rolls_every_order_over(world: World, session: Session, manager: Actor) -> None:
    offer = world.an_offer()
    order = world.an_order(world.an_open_round("R1"), (offer, 2))
    world.an_open_round("R2", closes_at=CUT_OFF + timedelta(days=7))
    consolidated(session, manager, "R1")
    cancel_round(session, manager, "R1")
    session.expire_all()
    assert session.get_one(MemberOrder, order.id).status is OrderStatus.ROLLED_OVER
    successor = session.exec(select(MemberOrder).where(MemberOrder.rolled_over_from_id == order.id)).one()
    assert successor.status is OrderStatus.APPROVED
    assert allocations(session) == []
    assert supplier_orders(session) == []


def test_due_rounds_open_and_close_by_themselves(world: World, session: Session) -> None:
    terms = {"name": "R", "deliveries": {}}
    create_round(session, COMMAND_LINE, code="R", opens_at=NOW, closes_at=CUT_OFF, **terms)
    assert open_and_close_due_rounds(session) == ["R"]
    assert open_and_close_due_rounds(session) == []
    with clock.frozen(CUT_OFF):
        assert open_and_close_due_rounds(session) == ["R"]
    assert session.exec(select(Round)).one().status is RoundStatus.CLOSED


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"closes_at": NOW - timedelta(days=2)}, "opens before its cut-off"),
        ({"completing_from": CUT_OFF + timedelta(days=1)}, "completing phase"),
    ],
)
def test_a_round_with_its_instants_out_of_order_is_not_planned(
    world: World, session: Session, manager: Actor, change: dict[str, object], message: str
) -> None:
    terms = {"name": "R", "opens_at": NOW, "closes_at": CUT_OFF, "deliveries": {}} | change
    with pytest.raises(InvalidInput, match=message):
        create_round(session, manager, code="R", **terms)  # type: ignore[arg-type]


def test_buyers_run_no_rounds(world: World, session: Session) -> None:
    world.an_open_round("R")
    for step in (open_round, close_round, consolidate_round, approve_round, send_round, cancel_round):
        with pytest.raises(NotAllowed):
            step(session, world.a_buyer(), "R")


def test_the_usual_days_are_thursday_noon_and_the_tuesday_after() -> None:
    cut_off = next_cut_off(NOW)
    assert cut_off.astimezone(clock.PARIS).isoformat() == "2026-03-05T12:00:00+01:00"
    assert next_cut_off(cut_off).astimezone(clock.PARIS).isoformat() == "2026-03-12T12:00:00+01:00"
    assert next_cut_off(NOW + timedelta(days=28)).astimezone(clock.PARIS).isoformat() == "2026-04-02T12:00:00+02:00"
    assert str(next_delivery_day(cut_off)) == "2026-03-10"


def test_every_change_of_state_is_in_the_audit_log(world: World, session: Session, manager: Actor) -> None:
    world.an_order(world.an_open_round("R"), (world.an_offer(), 1))
    consolidated(session, manager, "R")
    approve_round(session, manager, "R")
    send_round(session, manager, "R")
    actions = session.execute(
        text("SELECT action, actor FROM audit_entries WHERE subject_type = 'rounds' ORDER BY id")
    ).all()
    assert [action for action, _actor in actions] == [
        "round.planned", "round.open", "round.closed", "round.consolidated", "round.approved", "round.sent",
    ]  # fmt: skip
    assert {actor for _action, actor in actions[2:]} == {manager.label}
