"""Lists that order themselves when a round opens: once, within budget and approval, and their buyer is told."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from app.accounts.actor import COMMAND_LINE, Actor
from app.accounts.permissions import Role
from app.catalog.service import set_withdrawn
from app.core import clock
from app.core.errors import NotFound
from app.orders.ordering.baskets import Wish, fill_cart
from app.orders.ordering.budgets import set_budget
from app.orders.ordering.lists import save_as_list
from app.orders.ordering.models.member_orders import MemberOrder, OrderStatus, StandingRhythm
from app.orders.ordering.standing_orders import lists_due, place_standing, set_skip_next, set_standing
from app.orders.rounds.models import Round
from tests.factories import NOW, World


@pytest.fixture
def buyer(world: World) -> Actor:
    return world.a_buyer()


@pytest.fixture
def list_id(world: World, session: Session, buyer: Actor) -> int:
    first = world.an_open_round("R1")
    order = world.an_order(first, (world.an_offer(name="Gants"), 3, 1), buyer=buyer)
    kept = save_as_list(session, buyer, order.id or 0, "Chaque fois")
    set_standing(session, buyer, kept.id or 0, StandingRhythm.EVERY_ROUND)
    return kept.id or 0


def play(session: Session, purchasing_round: Round) -> None:
    """What the job does when a round has opened."""
    for due in lists_due(session, purchasing_round.id or 0):
        place_standing(session, due, purchasing_round.id or 0)
    session.flush()
    session.expire_all()


def orders(session: Session, purchasing_round: Round) -> list[MemberOrder]:
    return list(session.exec(select(MemberOrder).where(MemberOrder.round_id == purchasing_round.id)))


def subjects(session: Session) -> list[str]:
    return list(
        session.execute(
            text("SELECT args->>'subject' FROM procrastinate_jobs WHERE task_name = 'mail.send' ORDER BY id")
        ).scalars()
    )


def test_opening_a_round_queues_its_standing_orders(world: World, session: Session, list_id: int) -> None:
    second = world.an_open_round("R2")
    queued = session.execute(
        text("SELECT args FROM procrastinate_jobs WHERE task_name = 'orders.place_standing_orders' ORDER BY id DESC")
    ).scalars()
    assert next(iter(queued)) == {"round_id": second.id}


def test_a_standing_list_orders_itself_once_and_says_so(world: World, session: Session, list_id: int) -> None:
    second = world.an_open_round("R2")
    play(session, second)
    play(session, second)
    (order,) = orders(session, second)
    assert order.status is OrderStatus.APPROVED
    assert [(line.quantity, line.tolerance) for line in world.lines_of(order)] == [(3, 1)]
    assert subjects(session) == [f"“Chaque fois” ordered itself: {order.reference}"]


def test_one_round_is_left_out_on_request(world: World, session: Session, buyer: Actor, list_id: int) -> None:
    set_skip_next(session, buyer, list_id, True)
    second, third = world.an_open_round("R2"), world.an_open_round("R3")
    play(session, second)
    assert orders(session, second) == []
    play(session, third)
    assert len(orders(session, third)) == 1


@pytest.mark.parametrize(("rhythm", "days"), [(StandingRhythm.WEEKLY, 7), (StandingRhythm.MONTHLY, 31)])
def test_a_weekly_or_monthly_list_orders_once_a_week_or_month(
    world: World, session: Session, buyer: Actor, list_id: int, rhythm: StandingRhythm, days: int
) -> None:
    set_standing(session, buyer, list_id, rhythm)
    second, third = world.an_open_round("R2"), world.an_open_round("R3")
    later = world.an_open_round("R4", closes_at=NOW + timedelta(days=60))
    play(session, second)
    play(session, third)
    assert (len(orders(session, second)), len(orders(session, third))) == (1, 0)
    with clock.frozen(NOW + timedelta(days=days)):
        play(session, later)
    assert len(orders(session, later)) == 1


def test_a_budget_that_does_not_reach_is_told_and_nothing_placed(
    world: World, session: Session, buyer: Actor, list_id: int
) -> None:
    from app.accounts.models import Company

    company = session.get_one(Company, buyer.company_id)
    set_budget(session, world.an_actor(Role.APPROVER, company=company), month=NOW.date(), amount=Decimal(5))
    second = world.an_open_round("R2")
    play(session, second)
    assert [order for order in orders(session, second) if order.status is not OrderStatus.CART] == []
    assert subjects(session) == ["“Chaque fois” could not be ordered"]


def test_a_begun_cart_is_joined_and_left_to_its_buyer(
    world: World, session: Session, buyer: Actor, list_id: int
) -> None:
    second, other = world.an_open_round("R2"), world.an_offer()
    fill_cart(session, buyer, second.id or 0, [Wish(other.id or 0, 1)])
    play(session, second)
    (cart,) = orders(session, second)
    assert cart.status is OrderStatus.CART
    assert len(world.lines_of(cart)) == 2
    assert subjects(session) == ["“Chaque fois” is in your cart"]


def test_a_list_whose_offers_are_all_withdrawn_is_told(world: World, session: Session, list_id: int) -> None:
    offer_id = session.execute(text("SELECT offer_id FROM order_list_lines")).scalar_one()
    set_withdrawn(session, COMMAND_LINE, offer_id, True)
    play(session, world.an_open_round("R2"))
    assert subjects(session) == ["“Chaque fois” could not be ordered"]


def test_nobody_sets_anothers_list(world: World, session: Session, list_id: int) -> None:
    with pytest.raises(NotFound):
        set_standing(session, world.a_buyer(), list_id, StandingRhythm.OFF)
