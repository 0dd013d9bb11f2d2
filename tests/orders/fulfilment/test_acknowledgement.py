"""What a supplier answers: shared out again by the rules, booked by adjustment, told, rolled over; ceilings hold."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from app.accounts.actor import COMMAND_LINE, Actor, actor_for
from app.catalog.models import Offer
from app.catalog.suppliers import add_supplier_user
from app.commission.service import create_rule
from app.core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from app.orders.consolidation.models.supplier_orders import SupplierOrder
from app.orders.fulfilment.acknowledgement import (
    Answer,
    acknowledge_order,
    asked_prices,
    decide_asked_price,
    get_supplier_order_of,
)
from app.orders.ordering.models.member_orders import IfUnfilled, MemberOrder
from tests.factories import CUT_OFF, World


class Sent:
    """A sent order of gloves (12 of a pack of 6 for three firms) and paper (4), with a supplier to answer it."""

    def __init__(self, world: World) -> None:
        self.world, self.session = world, world.session
        create_rule(world.session, COMMAND_LINE, percent=Decimal("5.00"))
        supplier = world.a_supplier("S1")
        self.speaker = actor_for(add_supplier_user(world.session, COMMAND_LINE, "S1", email="s@s.example", name="Sam"))
        self.gloves: Offer = world.an_offer(supplier, ((1, "10.00"), (12, "9.00")), pack=6)
        self.paper: Offer = world.an_offer(supplier, ((1, "4.00"),))
        purchasing_round = world.an_open_round("R1")
        self.orders: list[MemberOrder] = [
            world.an_order(purchasing_round, (self.gloves, 6), (self.paper, 4)),
            world.an_order(purchasing_round, (self.gloves, 3), if_unfilled=IfUnfilled.CANCEL),
            world.an_order(purchasing_round, (self.gloves, 2, 1)),
        ]
        world.play("R1")

    def answer(self, *answers: Answer, actor: Actor | None = None) -> SupplierOrder:
        order = acknowledge_order(self.session, actor or self.speaker, "R1-S1", answers)
        self.session.flush()
        self.session.expire_all()
        return order

    def confirmed(self, offer: Offer) -> list[int]:
        rows = self.session.execute(
            text("""
                SELECT a.confirmed_quantity FROM allocations a JOIN order_lines l ON l.id = a.order_line_id
                WHERE a.offer_id = :offer ORDER BY l.order_id
            """),
            {"offer": offer.id},
        )
        return [row[0] for row in rows]


@pytest.fixture
def sent(world: World) -> Sent:
    return Sent(world)


def test_an_order_accepted_as_it_is_changes_nothing(sent: Sent, check_constraints: Callable[[], None]) -> None:
    before = sent.world.booked_commission()
    order = sent.answer()
    assert (order.status, order.amount) == ("acknowledged", Decimal("124.00"))
    assert sent.confirmed(sent.gloves) == [6, 3, 3]
    assert sent.world.booked_commission() == before == order.commission == Decimal("6.20")
    check_constraints()


def test_a_shortened_line_is_shared_again_and_commission_follows_by_an_entry(
    sent: Sent, check_constraints: Callable[[], None]
) -> None:
    order = sent.answer(Answer(sent.gloves.sku, quantity=8, reason="out of stock"))
    assert order.status == "partially_acknowledged"
    assert sent.confirmed(sent.gloves) == [4, 2, 2]
    assert sent.confirmed(sent.paper) == [4]
    assert order.amount == Decimal("88.00")  # 8 at the price agreed, and the paper
    assert order.commission == sent.world.booked_commission() == Decimal("4.40")
    entries = sent.session.scalar(text("SELECT count(*) FROM journal_entries"))
    assert entries == 2
    check_constraints()


def test_a_surplus_shrinks_before_wishes_do(sent: Sent) -> None:
    sent.answer(Answer(sent.gloves.sku, quantity=11))
    assert sent.confirmed(sent.gloves) == [6, 3, 2]


def test_buyers_who_lose_something_are_told_and_only_they(sent: Sent) -> None:
    sent.session.execute(text("DELETE FROM procrastinate_jobs"))
    sent.answer(Answer(sent.gloves.sku, quantity=11))
    letters = sent.session.execute(
        text("SELECT args->>'to', args->>'body' FROM procrastinate_jobs WHERE args ? 'to'")
    ).all()
    assert len(letters) == 1
    assert f"{sent.gloves.name}: −1" in letters[0][1]


def test_what_is_lost_rolls_over_where_the_line_asks_for_it(sent: Sent) -> None:
    second = sent.world.an_open_round("R2", closes_at=CUT_OFF + timedelta(days=7))
    sent.answer(Answer(sent.gloves.sku, quantity=0))
    carried = "SELECT l.quantity FROM order_lines l JOIN member_orders o ON o.id = l.order_id WHERE o.round_id = :round"
    rows = sent.session.execute(text(f"{carried} ORDER BY l.id"), {"round": second.id})
    assert [row.quantity for row in rows] == [6, 2]  # not the one that asked to cancel
    demand = sent.session.scalar(text("SELECT quantity FROM round_demand WHERE round_id = :r"), {"r": second.id})
    assert demand == 8


def test_a_second_shortage_rolls_over_as_an_order_of_its_own(sent: Sent) -> None:
    second = sent.world.an_open_round("R2", closes_at=CUT_OFF + timedelta(days=7))
    sent.answer(Answer(sent.paper.sku, quantity=3))
    sent.answer(Answer(sent.paper.sku, quantity=1))
    rows = sent.session.execute(
        text("""
            SELECT l.quantity, o.reference FROM order_lines l JOIN member_orders o ON o.id = l.order_id
            WHERE o.round_id = :r ORDER BY o.id
        """),
        {"r": second.id},
    ).all()
    first = sent.orders[0]
    assert [tuple(row) for row in rows] == [
        (1, f"{first.reference}>R2-{first.id}"),
        (2, f"{first.reference}>R2-{first.id}.2"),
    ]
    sent.answer(Answer(sent.paper.sku, quantity=1))  # nothing more is lost: nothing more rolls over
    demand = sent.session.scalar(text("SELECT quantity FROM round_demand WHERE round_id = :r"), {"r": second.id})
    assert demand == 3


def test_a_cheaper_price_and_a_dearer_one_under_every_ceiling_hold_at_once(sent: Sent) -> None:
    order = sent.answer(
        Answer(sent.gloves.sku, unit_price=Decimal("9.50")), Answer(sent.paper.sku, unit_price=Decimal(3))
    )
    assert order.amount == Decimal("126.00")
    assert asked_prices(sent.session, order.id or 0) == []


@pytest.mark.parametrize(("accept", "amount", "shares"), [(False, "124.00", [6, 3, 3]), (True, "82.00", [0, 3, 3])])
def test_a_price_above_a_ceiling_waits_for_the_manager(
    sent: Sent, accept: bool, amount: str, shares: list[int], check_constraints: Callable[[], None]
) -> None:
    for order in sent.orders[1:]:
        for line in sent.world.lines_of(order):
            line.ceiling_price = Decimal(20)
    sent.session.flush()
    answered = sent.answer(Answer(sent.gloves.sku, unit_price=Decimal(11)))
    assert (answered.status, answered.amount) == ("partially_acknowledged", Decimal("124.00"))
    (waiting,) = asked_prices(sent.session, answered.id or 0)
    offer_id = waiting.offer_id
    assert (offer_id, waiting.agreed, waiting.asked) == (sent.gloves.id, Decimal(9), Decimal(11))
    assert (waiting.lines_out, waiting.units_out) == (1, 6)
    with pytest.raises(NotAllowed):
        decide_asked_price(sent.session, sent.speaker, "R1-S1", offer_id, accept=True)
    decided = decide_asked_price(sent.session, COMMAND_LINE, "R1-S1", offer_id, accept=accept)
    assert decided.amount == Decimal(amount)
    assert sent.confirmed(sent.gloves) == shares
    assert decided.commission == sent.world.booked_commission()
    paid = sent.session.execute(
        text("""
            SELECT count(*) FROM allocations a JOIN order_lines l ON l.id = a.order_line_id
            WHERE coalesce(a.confirmed_quantity, a.allocated) > 0 AND a.unit_price > l.ceiling_price
        """)
    ).scalar_one()
    assert paid == 0
    with pytest.raises(Conflict):
        decide_asked_price(sent.session, COMMAND_LINE, "R1-S1", offer_id, accept=True)
    check_constraints()


def test_a_refused_order_serves_nobody_and_earns_nothing(sent: Sent) -> None:
    order = sent.answer(Answer(sent.gloves.sku, quantity=0), Answer(sent.paper.sku, quantity=0))
    assert (order.status, order.amount, order.commission, sent.world.booked_commission()) == ("refused", 0, 0, 0)
    with pytest.raises(Conflict):
        sent.answer()


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ([Answer("NOPE", quantity=1)], "no line NOPE"),
        ([Answer("{gloves}", quantity=13)], "confirm from 0 to 12"),
        ([Answer("{gloves}", quantity=-1)], "confirm from 0 to 12"),
        ([Answer("{gloves}", quantity=1), Answer("{gloves}", quantity=2)], "answered twice"),
        ([Answer("{gloves}", unit_price=Decimal(-1))], "not negative"),
    ],
)
def test_answers_that_cannot_be_are_refused_whole(sent: Sent, answers: list[Answer], why: str) -> None:
    named = [Answer(a.sku.format(gloves=sent.gloves.sku), a.quantity, a.unit_price) for a in answers]
    with pytest.raises(InvalidInput, match=why):
        sent.answer(*named)


def test_what_was_taken_away_does_not_come_back_by_a_later_answer(sent: Sent) -> None:
    sent.answer(Answer(sent.gloves.sku, quantity=8))
    with pytest.raises(InvalidInput, match="confirm from 0 to 8"):
        sent.answer(Answer(sent.gloves.sku, quantity=12))
    sent.answer(Answer(sent.gloves.sku, quantity=8))
    assert sent.confirmed(sent.gloves) == [4, 2, 2]


def test_a_supplier_sees_its_own_sent_orders_alone(sent: Sent, world: World) -> None:
    world.a_supplier("S2")
    other = actor_for(add_supplier_user(world.session, COMMAND_LINE, "S2", email="o@s.example", name="Ola"))
    with pytest.raises(NotFound):
        get_supplier_order_of(sent.session, other, "R1-S1")
    with pytest.raises(NotAllowed):
        get_supplier_order_of(sent.session, world.a_buyer(), "R1-S1")
    order = get_supplier_order_of(sent.session, sent.speaker, "R1-S1")
    order.sent_at = None
    with pytest.raises(NotFound):
        get_supplier_order_of(sent.session, sent.speaker, "R1-S1")
