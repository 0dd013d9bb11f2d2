"""Every event in every state by every role: what the tables of lives say is what the use cases do."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import COMMAND_LINE, Actor, actor_for
from app.accounts.permissions import Role, permissions_of
from app.catalog.suppliers import add_supplier_user
from app.core import clock
from app.core.errors import Conflict, DomainError, NotAllowed
from app.core.lifecycle import CLOCK
from app.orders.consolidation.decisions import exclude_line
from app.orders.consolidation.draft import consolidate_round
from app.orders.consolidation.models.supplier_orders import SupplierOrderStatus
from app.orders.consolidation.round_approval import approve_round
from app.orders.consolidation.round_lifecycle import cancel_round, close_round, open_round
from app.orders.consolidation.sending import hand_over, send_round
from app.orders.consolidation.states import SUPPLIER_ORDER_LIFE, SupplierOrderEvent
from app.orders.fulfilment.acknowledgement import acknowledge_order, cancel_order, decide_asked_price
from app.orders.fulfilment.despatch import Despatch, advise_despatch
from app.orders.fulfilment.receipts import receive_drop
from app.orders.fulfilment.returns import record_return
from app.orders.ordering.approvals import decide_order
from app.orders.ordering.member_orders import submit_order, withdraw_order
from app.orders.ordering.models.member_orders import OrderStatus
from app.orders.ordering.states import ORDER_LIFE, OrderEvent
from app.orders.rounds.models import RoundStatus
from app.orders.rounds.states import ROUND_LIFE, RoundEvent
from app.supplying.supplier_invoices import Invoice, InvoicedLine, send_invoice
from tests.factories import CUT_OFF, World

Step = Callable[[Session, Actor], object]


@pytest.fixture
def played(world: World) -> Iterator[World]:
    """A round R1 with one order of two lines at S1, played until it is sent; R2 is open after it."""
    world.a_supplier("S1")
    supplier = world.a_supplier("S2")
    offer = world.an_offer(supplier)
    company = world.a_company("KLEIN")
    world.an_actor(Role.APPROVER, company=company)
    world.an_order(world.an_open_round("R1"), (offer, 4), buyer=world.a_buyer(company))
    world.an_open_round("R2", closes_at=CUT_OFF + timedelta(days=7))
    with clock.frozen(CUT_OFF - timedelta(days=1)):
        yield world


def actors(world: World) -> list[Actor]:
    """Somebody of each role, of the firm and the supplier of the round."""
    company = world.session.execute(text("SELECT id FROM companies WHERE code = 'KLEIN'")).scalar_one()
    firm = world.session.get_one(type(world.a_company()), company)
    people = [
        world.an_actor(role, company=firm if role in {Role.EMPLOYEE, Role.APPROVER} else None)
        for role in Role
        if role is not Role.SUPPLIER
    ]
    speaker = add_supplier_user(world.session, COMMAND_LINE, "S2", email="s2@s2.example", name="Sam")
    return [*people, actor_for(speaker)]


def put(session: Session, table: str, status: str) -> None:
    """Put every row of a table into a state, whatever leads there."""
    session.execute(text("SET LOCAL session_replication_role = replica"))
    session.execute(text(f"UPDATE {table} SET status = :status"), {"status": status})
    session.execute(text("SET LOCAL session_replication_role = origin"))
    session.expire_all()


def attempt(session: Session, step: Step, actor: Actor) -> DomainError | None:
    """What a step is refused with, if it is; nothing of it stays."""
    nested = session.begin_nested()
    try:
        step(session, actor)
        session.flush()
    except DomainError as refusal:
        return refusal
    else:
        return None
    finally:
        nested.rollback()
        session.expire_all()


ROUND_STEPS: dict[RoundEvent, Step] = {
    RoundEvent.OPEN: lambda session, actor: open_round(session, actor, "R1"),
    RoundEvent.CLOSE: lambda session, actor: close_round(session, actor, "R1"),
    RoundEvent.CONSOLIDATE: lambda session, actor: consolidate_round(session, actor, "R1"),
    RoundEvent.DECIDE: lambda session, actor: exclude_line(
        session, actor, "R1", session.execute(text("SELECT min(id) FROM order_lines")).scalar_one(), "twice"
    ),
    RoundEvent.APPROVE: lambda session, actor: approve_round(session, actor, "R1"),
    RoundEvent.SEND: lambda session, actor: send_round(session, actor, "R1"),
    RoundEvent.CANCEL: lambda session, actor: cancel_round(session, actor, "R1"),
}


def may(life: Any, event: Any, actor: Actor) -> bool:
    granted = {who for row in life.transitions if row.event is event for who in row.who} - {CLOCK}
    return bool(granted & {permission.value for permission in permissions_of(actor.roles)})


@pytest.mark.parametrize("state", RoundStatus)
def test_a_round_obeys_its_table(played: World, state: RoundStatus) -> None:
    session = played.session
    everybody = actors(played)
    if state not in {RoundStatus.PLANNED, RoundStatus.OPEN}:
        played.play("R1", until=consolidate_round)
    if state in {RoundStatus.APPROVED, RoundStatus.SENT}:  # orders to send are approved ones
        approve_round(session, COMMAND_LINE, "R1")
    session.execute(text("UPDATE associations SET second_approval_above = 100000"))
    session.execute(text("SET LOCAL session_replication_role = replica"))
    session.execute(text("UPDATE rounds SET status = :s WHERE code = 'R1'"), {"s": state})
    session.execute(text("SET LOCAL session_replication_role = origin"))
    session.expire_all()
    for event, step in ROUND_STEPS.items():
        for actor in everybody:
            refusal = attempt(session, step, actor)
            if not may(ROUND_LIFE, event, actor):
                assert isinstance(refusal, NotAllowed), (event, state, actor.roles)
            elif ROUND_LIFE.allows(event, state):
                assert refusal is None, (event, state, actor.roles, refusal)
            else:
                assert isinstance(refusal, Conflict), (event, state, actor.roles)
                assert refusal.code == "wrong_round_status"


def _ask_price(session: Session, actor: Actor) -> object:
    session.execute(text("UPDATE supplier_order_lines SET asked_price = 20, received_quantity = NULL"))
    offer_id = session.execute(text("SELECT offer_id FROM supplier_order_lines")).scalar_one()
    return decide_asked_price(session, actor, "R1-S2", offer_id, accept=False)


def _give_back(session: Session, actor: Actor) -> object:
    session.execute(text("UPDATE allocations SET received_quantity = allocated"))
    sku = session.execute(text("SELECT sku FROM offers")).scalar_one()
    return record_return(session, actor, "R1-S2", "KLEIN", sku, 1, "wrong size")


def _invoice(session: Session, actor: Actor) -> object:
    sku = session.execute(text("SELECT sku FROM offers")).scalar_one()
    line = InvoicedLine(sku, 1, Decimal("10.00"))
    return send_invoice(session, actor, "R1-S2", Invoice("FA", date(2026, 3, 4), lines=[line]))


ORDER_STEPS: dict[SupplierOrderEvent, Step] = {
    SupplierOrderEvent.SEND: lambda session, actor: hand_over(session, actor, "R1-S2"),
    SupplierOrderEvent.ANSWER: lambda session, actor: acknowledge_order(session, actor, "R1-S2"),
    SupplierOrderEvent.DECIDE_PRICE: _ask_price,
    SupplierOrderEvent.DESPATCH: lambda session, actor: advise_despatch(
        session, actor, "R1-S2", Despatch("BL", "nord", date(2026, 3, 9))
    ),
    SupplierOrderEvent.RECEIVE: lambda session, actor: receive_drop(session, actor, "R1-S2", "nord"),
    SupplierOrderEvent.RETURN: _give_back,
    SupplierOrderEvent.INVOICE: _invoice,
    SupplierOrderEvent.CANCEL: lambda session, actor: cancel_order(session, actor, "R1-S2", "closed"),
}


@pytest.mark.parametrize("state", SupplierOrderStatus)
def test_a_supplier_order_obeys_its_table(played: World, state: SupplierOrderStatus) -> None:
    session = played.session
    everybody = actors(played)
    played.play("R1")
    put(session, "supplier_orders", state)
    for event, step in ORDER_STEPS.items():
        for actor in everybody:
            refusal = attempt(session, step, actor)
            if not may(SUPPLIER_ORDER_LIFE, event, actor):
                assert isinstance(refusal, NotAllowed), (event, state, actor.roles, refusal)
            elif SUPPLIER_ORDER_LIFE.allows(event, state):
                assert refusal is None, (event, state, actor.roles, refusal)
            else:
                assert isinstance(refusal, Conflict), (event, state, actor.roles, refusal)
                assert refusal.code in {"wrong_order_status", "no_price_asked"}


MEMBER_STEPS: dict[OrderEvent, Callable[[int], Step]] = {
    OrderEvent.PLACE: lambda key: lambda session, actor: submit_order(session, actor, key),
    OrderEvent.APPROVE: lambda key: lambda session, actor: decide_order(session, actor, key, approve=True),
    OrderEvent.REJECT: lambda key: lambda session, actor: decide_order(session, actor, key, approve=False),
    OrderEvent.WITHDRAW: lambda key: lambda session, actor: withdraw_order(session, actor, key),
}


@pytest.mark.parametrize("state", OrderStatus)
@pytest.mark.parametrize("firm_has_an_approver", [True, False])
def test_a_member_order_obeys_its_table(world: World, state: OrderStatus, firm_has_an_approver: bool) -> None:
    session = world.session
    company = world.a_company("KLEIN")
    buyer = world.a_buyer(company, order_limit="1")
    approver = world.an_actor(Role.APPROVER, company=company) if firm_has_an_approver else None
    stranger = world.an_actor(Role.EMPLOYEE, Role.APPROVER, company=world.a_company())
    manager, treasurer, concierge = (
        world.an_actor(role) for role in (Role.PURCHASING_MANAGER, Role.TREASURER, Role.CONCIERGE_MANAGER)
    )
    order = world.an_order(world.an_open_round("R1"), (world.an_offer(), 4), buyer=buyer)
    put(session, "member_orders", state)
    if state is OrderStatus.CART:
        session.execute(text("DELETE FROM order_approvals"))
    deciders = [approver] if approver else [manager, treasurer]
    for event, step_of in MEMBER_STEPS.items():
        for actor in filter(None, (buyer, approver, stranger, manager, treasurer, concierge, COMMAND_LINE)):
            refusal = attempt(session, step_of(order.id or 0), actor)
            rightful = [buyer] if event in {OrderEvent.PLACE, OrderEvent.WITHDRAW} else deciders
            if actor not in rightful:
                assert refusal is not None, (event, state, actor.roles)
            elif ORDER_LIFE.allows(event, state):
                assert refusal is None, (event, state, actor.roles, refusal)
            else:
                assert isinstance(refusal, Conflict), (event, state, actor.roles, refusal)
                assert refusal.code in {"already_placed", "not_waiting", "too_late"}
