"""Many at once: budgets never exceeded, approvals counted once, keys answered once, on real transactions."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from sqlmodel import Session

from app.accounts.actor import COMMAND_LINE, Actor
from app.accounts.permissions import Role
from app.accounts.service import get_association
from app.accounts.sign_in import create_api_key
from app.core.errors import DomainError
from app.main import create_app
from app.orders.consolidation.draft import consolidate_round
from app.orders.consolidation.round_approval import approve_round
from app.orders.consolidation.round_lifecycle import close_round
from app.orders.fulfilment.acknowledgement import Answer, acknowledge_order
from app.orders.ordering.approvals import decide_order
from app.orders.ordering.budgets import set_budget
from app.orders.ordering.member_orders import set_cart_line, submit_order, withdraw_order
from tests.factories import CUT_OFF, NOW, World


@pytest.fixture(autouse=True)
def held_clock(at_now: None) -> None:
    """Rounds of the factories are open."""


def all_at_once(steps: list[Callable[[], object]]) -> Counter[str]:
    """Run steps in threads that start together; how often each outcome came: `done`, or an error's code."""
    start = threading.Barrier(len(steps))

    def run(step: Callable[[], object]) -> str:
        start.wait(timeout=30)
        try:
            step()
        except DomainError as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(len(steps)) as pool:
        return Counter(pool.map(run, steps))


def transact(engine: Engine, work: Callable[[Session], object]) -> object:
    with Session(engine, expire_on_commit=False) as session, session.begin():
        return work(session)


def test_fifty_checkouts_at_once_never_exceed_the_budget(own_engine: Engine) -> None:
    def prepare(session: Session) -> list[tuple[Actor, int]]:
        world = World(session)
        company = world.a_company()
        set_budget(session, world.an_actor(Role.APPROVER, company=company), month=NOW.date(), amount=Decimal("205.00"))
        offer, purchasing_round = world.an_offer(), world.an_open_round()
        carts = []
        for _buyer in range(50):
            buyer = world.a_buyer(company)
            cart = set_cart_line(session, buyer, round_id=purchasing_round.id or 0, offer_id=offer.id or 0, quantity=1)
            carts.append((buyer, cart.id or 0))
        return carts

    carts = transact(own_engine, prepare)
    assert isinstance(carts, list)
    outcomes = all_at_once(
        [lambda b=buyer, c=cart: transact(own_engine, lambda s: submit_order(s, b, c)) for buyer, cart in carts]
    )
    assert outcomes == {"done": 20, "budget_exceeded": 30}
    with own_engine.connect() as connection:
        committed = connection.execute(text("SELECT committed FROM budgets")).scalar_one()
        placed = connection.execute(text("SELECT count(*) FROM member_orders WHERE status = 'approved'")).scalar_one()
        demand = connection.execute(text("SELECT quantity, line_count FROM round_demand")).one()
    assert (committed, placed, tuple(demand)) == (Decimal("200.00"), 20, (20, 20))


def test_two_managers_approving_at_once_approve_once(own_engine: Engine) -> None:
    def prepare(session: Session) -> list[Actor]:
        world = World(session)
        world.an_order(world.an_open_round("R"), (world.an_offer(), 3))
        close_round(session, COMMAND_LINE, "R")
        consolidate_round(session, COMMAND_LINE, "R")
        session.execute(text("INSERT INTO commission_rules (percent) VALUES (5)"))
        consolidate_round(session, COMMAND_LINE, "R")
        return [world.a_manager() for _ in range(8)]

    managers = transact(own_engine, prepare)
    assert isinstance(managers, list)
    outcomes = all_at_once(
        [lambda m=manager: transact(own_engine, lambda s: approve_round(s, m, "R")) for manager in managers]
    )
    assert outcomes == {"done": 1, "wrong_round_status": 7}
    with own_engine.connect() as connection:
        assert connection.execute(text("SELECT count(*), sum(debit) FROM postings WHERE debit > 0")).one() == (
            1,
            Decimal("1.50"),
        )
        assert connection.execute(text("SELECT count(*) FROM drops")).scalar_one() == 1


def test_above_the_limit_one_person_many_times_at_once_is_one_and_two_are_two(own_engine: Engine) -> None:
    def prepare(session: Session) -> tuple[Actor, Actor]:
        world = World(session)
        get_association(session).second_approval_above = Decimal(5)
        world.an_order(world.an_open_round("R"), (world.an_offer(), 3))
        close_round(session, COMMAND_LINE, "R")
        consolidate_round(session, COMMAND_LINE, "R")
        return world.a_manager(), world.an_actor(Role.TREASURER)

    def approve(actor: Actor) -> Callable[[], object]:
        return lambda: transact(own_engine, lambda session: approve_round(session, actor, "R"))

    people = transact(own_engine, prepare)
    assert isinstance(people, tuple)
    one, other = people
    assert all_at_once([approve(one)] * 6) == {"done": 1, "same_person": 5}
    with own_engine.connect() as connection:
        assert connection.execute(text("SELECT status FROM rounds")).scalar_one() == "consolidated"
    assert all_at_once([approve(one), approve(other), approve(other)])["done"] == 1
    with own_engine.connect() as connection:
        assert connection.execute(text("SELECT status FROM rounds")).scalar_one() == "approved"


def test_an_approver_and_their_colleague_at_once_decide_an_order_once(own_engine: Engine) -> None:
    def prepare(session: Session) -> tuple[list[Actor], Actor, int]:
        world = World(session)
        company = world.a_company()
        approvers = [world.an_actor(Role.APPROVER, company=company) for _ in range(2)]
        buyer = world.a_buyer(company, order_limit="1")
        order = world.an_order(world.an_open_round("R"), (world.an_offer(), 3), buyer=buyer)
        return approvers, buyer, order.id or 0

    prepared = transact(own_engine, prepare)
    assert isinstance(prepared, tuple)
    (one, other), buyer, order_id = prepared
    outcomes = all_at_once(
        [
            lambda: transact(own_engine, lambda s: decide_order(s, one, order_id, approve=True)),
            lambda: transact(own_engine, lambda s: decide_order(s, other, order_id, approve=False)),
            lambda: transact(own_engine, lambda s: withdraw_order(s, buyer, order_id)),
        ]
    )
    with own_engine.connect() as connection:
        status = connection.execute(text("SELECT status FROM member_orders")).scalar_one()
        demand = connection.execute(text("SELECT coalesce(sum(quantity), 0) FROM round_demand")).scalar_one()
    # Withdrawing what was approved is right; nothing else happens twice.
    assert (outcomes["done"], status, demand) in {(1, "rejected", 0), (1, "cancelled", 0), (2, "cancelled", 0)}


def test_answers_at_once_carry_each_lost_unit_once(own_engine: Engine) -> None:
    def prepare(session: Session) -> list[tuple[str, str]]:
        world = World(session)
        suppliers = [world.a_supplier(f"S{n}") for n in range(4)]
        offers = [world.an_offer(supplier) for supplier in suppliers]
        world.an_order(world.an_open_round("R1"), *((offer, 9) for offer in offers))
        world.an_open_round("R2", closes_at=CUT_OFF + timedelta(days=7))
        world.play("R1")
        return [(f"R1-{supplier.code}", offer.sku) for supplier, offer in zip(suppliers, offers, strict=True)]

    orders = transact(own_engine, prepare)
    assert isinstance(orders, list)

    def answer(number: str, sku: str, left: int) -> Callable[[], object]:
        return lambda: transact(
            own_engine, lambda session: acknowledge_order(session, COMMAND_LINE, number, [Answer(sku, left)])
        )

    for left in (7, 4):
        assert all_at_once([answer(number, sku, left) for number, sku in orders]) == {"done": 4}
    with own_engine.connect() as connection:
        carried = connection.execute(
            text("SELECT offer_id, sum(quantity) AS units FROM order_lines WHERE rolled_over_from_id IS NOT NULL"
                 " GROUP BY offer_id")
        ).all()  # fmt: skip
        demand = connection.execute(
            text("SELECT d.quantity FROM round_demand d JOIN rounds r ON r.id = d.round_id AND r.code = 'R2'")
        ).scalars()
        assert [row.units for row in carried] == [5, 5, 5, 5]
        assert list(demand) == [5, 5, 5, 5]


def test_a_checkout_at_the_cut_off_is_in_the_round_or_refused_never_lost(own_engine: Engine) -> None:
    def prepare(session: Session) -> list[tuple[Actor, int]]:
        world = World(session)
        offer, purchasing_round = world.an_offer(), world.an_open_round("R")
        carts = []
        for _n in range(20):
            buyer = world.a_buyer()
            cart = set_cart_line(session, buyer, round_id=purchasing_round.id or 0, offer_id=offer.id or 0, quantity=1)
            carts.append((buyer, cart.id or 0))
        return carts

    carts = transact(own_engine, prepare)
    assert isinstance(carts, list)
    steps: list[Callable[[], object]] = [
        lambda b=buyer, c=cart: transact(own_engine, lambda s: submit_order(s, b, c)) for buyer, cart in carts
    ]
    steps.insert(10, lambda: transact(own_engine, lambda s: close_round(s, COMMAND_LINE, "R")))
    outcomes = all_at_once(steps)
    with own_engine.connect() as connection:
        locked = connection.execute(text("SELECT count(*) FROM member_orders WHERE status = 'locked'")).scalar_one()
        other = connection.execute(
            text("SELECT count(*) FROM member_orders WHERE status NOT IN ('locked', 'cart')")
        ).scalar_one()
    assert outcomes["done"] - 1 == locked
    assert outcomes["done"] + outcomes["round_not_open"] == 21
    assert other == 0


def test_one_key_sent_ten_times_at_once_does_its_work_once(own_engine: Engine) -> None:
    secret = transact(own_engine, lambda s: create_api_key(s, World(s).a_manager(), "ERP", ["read", "write"]).secret)
    client = TestClient(create_app(lambda: Session(own_engine, expire_on_commit=False), 12))
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "one"}
    answers: list[tuple[int, bytes, str | None]] = []

    def ask() -> None:
        answer = client.post("/api/v1/parks", headers=headers, json={"code": "sud", "name": "Parc Sud"})
        answers.append((answer.status_code, answer.content, answer.headers.get("idempotency-replayed")))

    all_at_once([ask] * 10)
    assert {(status, body) for status, body, _replayed in answers} == {(201, answers[0][1])}
    assert Counter(replayed for *_rest, replayed in answers) == {None: 1, "true": 9}
    with own_engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM parks WHERE code = 'sud'")).scalar_one() == 1


def test_two_clicks_at_once_make_one_cart(own_engine: Engine) -> None:
    def prepare(session: Session) -> tuple[Actor, int, list[int]]:
        world = World(session)
        purchasing_round = world.an_open_round()
        return world.a_buyer(), purchasing_round.id or 0, [world.an_offer().id or 0 for _ in range(10)]

    prepared = transact(own_engine, prepare)
    assert isinstance(prepared, tuple)
    buyer, round_id, offers = prepared
    outcomes = all_at_once(
        [
            lambda offer=offer: transact(
                own_engine,
                lambda s: set_cart_line(s, buyer, round_id=round_id, offer_id=offer, quantity=1),
            )
            for offer in offers
        ]
    )
    assert outcomes == {"done": 10}
    with own_engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM member_orders")).scalar_one() == 1
        assert connection.execute(text("SELECT count(*) FROM order_lines")).scalar_one() == 10
