"""States that cross: a price asked and goods that leave, orders cancelled or refused, suppliers without an address."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import COMMAND_LINE
from app.core.errors import Conflict, InvalidInput
from app.orders.consolidation.round_approval import approve_round
from app.orders.consolidation.sending import hand_over, held_back, send_round
from app.orders.fulfilment.acknowledgement import Answer, asked_prices, cancel_order, decide_asked_price
from app.orders.fulfilment.despatch import Despatch, advise_despatch
from app.orders.fulfilment.receipts import receive_drop
from app.orders.rounds.models import RoundStatus
from tests.factories import CUT_OFF, World
from tests.orders.fulfilment.test_acknowledgement import Sent


@pytest.fixture
def sent(world: World) -> Sent:
    return Sent(world)


def letters(session: Session) -> list[tuple[str, str]]:
    rows = session.execute(
        text("SELECT args->>'to' AS address, args->>'subject' AS subject FROM procrastinate_jobs"
             " WHERE task_name = 'mail.send' ORDER BY id")
    )  # fmt: skip
    return [(row.address, row.subject) for row in rows]


def round_status(session: Session, code: str = "R1") -> RoundStatus:
    session.expire_all()
    return RoundStatus(session.scalar(text("SELECT status FROM rounds WHERE code = :c"), {"c": code}) or "")


def asks_more(sent: Sent) -> int:
    """The supplier asks 12.00 for gloves agreed at 9.00, above every ceiling of 10.00; the offer's number."""
    order = sent.answer(Answer(sent.gloves.sku, unit_price=Decimal("12.00")))
    assert [price.asked for price in asked_prices(sent.session, order.id or 0)] == [Decimal("12.0000")]
    return sent.gloves.id or 0


@pytest.mark.parametrize("accept", [True, False])
def test_a_price_is_decided_though_other_goods_of_the_order_have_left(sent: Sent, accept: bool) -> None:
    offer_id = asks_more(sent)
    paper = Despatch("BL-1", "nord", date(2026, 3, 9), lines={sent.paper.sku: 4})
    advise_despatch(sent.session, sent.speaker, "R1-S1", paper)
    order = decide_asked_price(sent.session, COMMAND_LINE, "R1-S1", offer_id, accept=accept)
    assert (order.status.value, order.amount) == ("shipped", Decimal("16.00") if accept else Decimal("124.00"))


@pytest.mark.parametrize("leaves", [True, False])
def test_what_leaves_or_comes_before_the_decision_keeps_the_agreed_price(
    sent: Sent, leaves: bool, check_constraints: Callable[[], None]
) -> None:
    offer_id = asks_more(sent)
    if leaves:
        advise_despatch(sent.session, sent.speaker, "R1-S1", Despatch("BL-1", "nord", date(2026, 3, 9)))
    else:
        receive_drop(sent.session, COMMAND_LINE, "R1-S1", "nord")
    with pytest.raises(Conflict, match="No price waits"):
        decide_asked_price(sent.session, COMMAND_LINE, "R1-S1", offer_id, accept=True)
    price = text("SELECT unit_price FROM supplier_order_lines WHERE offer_id = :id")
    assert sent.session.scalar(price, {"id": offer_id}) == Decimal("9.0000")
    told = sent.session.scalars(
        text("SELECT args->>'event' FROM procrastinate_jobs WHERE task_name = 'supplying.note_event' ORDER BY id")
    ).all()
    assert "order.price_decided" in told
    check_constraints()


def test_a_supplier_that_takes_its_price_back_leaves_nothing_to_decide(sent: Sent) -> None:
    asks_more(sent)
    order = sent.answer(Answer(sent.gloves.sku, unit_price=Decimal("9.00")))
    assert asked_prices(sent.session, order.id or 0) == []
    asks_more(sent)
    order = sent.answer(Answer(sent.gloves.sku, quantity=0))
    assert asked_prices(sent.session, order.id or 0) == []


def test_a_cancelled_order_serves_nobody_rolls_over_and_is_told(
    sent: Sent, check_constraints: Callable[[], None]
) -> None:
    second = sent.world.an_open_round("R2", closes_at=CUT_OFF + timedelta(days=7))
    with pytest.raises(InvalidInput, match="Say why"):
        cancel_order(sent.session, COMMAND_LINE, "R1-S1", " ")
    order = cancel_order(sent.session, COMMAND_LINE, "R1-S1", "The supplier has closed")
    assert (order.status.value, order.amount, order.commission) == ("cancelled", Decimal(0), Decimal(0))
    assert sent.world.booked_commission() == 0
    assert sent.world.served(sent.gloves) == [0, 0, 0]
    demand = sent.session.scalar(text("SELECT sum(quantity) FROM round_demand WHERE round_id = :r"), {"r": second.id})
    assert demand == 6 + 2 + 4  # not the line that asked to cancel
    assert round_status(sent.session) is RoundStatus.DELIVERED  # nothing of it is to come any more
    with pytest.raises(Conflict, match="it cannot be cancelled"):
        cancel_order(sent.session, COMMAND_LINE, "R1-S1", "again")
    check_constraints()


def test_a_round_is_delivered_when_the_last_order_is_refused(sent: Sent) -> None:
    assert round_status(sent.session) is RoundStatus.SENT
    sent.answer(Answer(sent.gloves.sku, 0), Answer(sent.paper.sku, 0))
    assert round_status(sent.session) is RoundStatus.DELIVERED


def test_orders_whose_suppliers_have_no_address_are_held_back(world: World, session: Session) -> None:
    silent, known = world.a_supplier("S1", email=None), world.a_supplier("S2")
    buyer = world.a_buyer()
    purchasing_round = world.an_open_round("R1")
    world.an_order(purchasing_round, (world.an_offer(silent), 2), (world.an_offer(known), 3), buyer=buyer)
    world.play("R1", until=approve_round)
    before = letters(session)
    tasks = text("SELECT task_name FROM procrastinate_jobs WHERE task_name LIKE 'orders.%' ORDER BY id")
    assert "orders.tell_members_of_outcome" not in session.scalars(tasks).all()  # nothing is ordered yet
    send_round(session, COMMAND_LINE, "R1")
    assert [one.number for one in held_back(session, purchasing_round.id or 0)] == ["R1-S1"]
    states = text("SELECT number, status FROM supplier_orders ORDER BY number")
    assert [tuple(row) for row in session.execute(states)] == [("R1-S1", "approved"), ("R1-S2", "sent")]
    asked = session.scalars(tasks).all()
    assert (asked.count("orders.send_supplier_order"), asked.count("orders.tell_members_of_outcome")) == (1, 1)
    assert letters(session) == before
    with pytest.raises(Conflict, match="Suppliers without a mail address: Fournisseur"):
        send_round(session, COMMAND_LINE, "R1")
    receive_drop(session, COMMAND_LINE, "R1-S2", "nord")
    assert round_status(session) is RoundStatus.SENT  # one order has not even left
    session.execute(text("UPDATE suppliers SET email = 's1@s.example' WHERE code = 'S1'"))
    send_round(session, COMMAND_LINE, "R1")
    assert [tuple(row) for row in session.execute(states)] == [("R1-S1", "sent"), ("R1-S2", "received")]
    asked = session.scalars(tasks).all()
    assert (asked.count("orders.send_supplier_order"), asked.count("orders.tell_members_of_outcome")) == (2, 1)


def test_an_order_is_handed_over_once(world: World, session: Session) -> None:
    purchasing_round = world.an_open_round("R1")
    world.an_order(purchasing_round, (world.an_offer(world.a_supplier("S1", email=None)), 2))
    world.play("R1", until=approve_round)
    with pytest.raises(Conflict, match="No order of round R1 can be sent"):
        send_round(session, COMMAND_LINE, "R1")
    order = hand_over(session, COMMAND_LINE, "R1-S1")
    assert (order.status.value, round_status(session)) == ("sent", RoundStatus.SENT)
    with pytest.raises(Conflict, match="it is not to be sent"):
        hand_over(session, COMMAND_LINE, "R1-S1")


def test_a_round_that_orders_nothing_is_delivered_when_it_is_sent(world: World, session: Session) -> None:
    world.an_order(world.an_open_round("R1"), (world.an_offer(pack=100), 2))
    world.play("R1")
    assert round_status(session) is RoundStatus.DELIVERED
    assert session.scalars(text("SELECT status FROM member_orders")).all() == ["fulfilled"]
