"""The demo's buyers: who orders what, when, and how their approvers decide. The same at every run."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import NamedTuple

from sqlmodel import Session, col, select

from app.accounts.actor import Actor, actor_for
from app.accounts.models import Person
from app.accounts.permissions import Permission
from app.catalog.models import Category, Offer, Product
from app.core import clock
from app.core.errors import DomainError
from app.orders.ordering.approvals import decide_order
from app.orders.ordering.member_orders import set_cart_line, submit_order
from app.orders.ordering.models.member_orders import IfUnfilled, MemberOrder, OrderStatus
from app.orders.ordering.placed_orders import order_key
from app.orders.rounds.models import Round

_POPULAR = {"Bureau": 3, "Hygiène et entretien": 3, "Emballage": 2}


class _Wish(NamedTuple):
    offer_id: int
    quantity: int
    tolerance: int
    if_unfilled: IfUnfilled
    accepts_equivalents: bool


class OrderPlayer:
    """Places orders into one round through the shop's own use cases."""

    def __init__(self, session: Session, purchasing_round: Round, random: Random) -> None:
        self.session, self.random = session, random
        self.round_id = purchasing_round.id or 0
        people = [actor_for(p) for p in session.exec(select(Person).where(col(Person.company_id).is_not(None)))]
        self.buyers = sorted(people, key=lambda actor: actor.identity)
        self.approvers: dict[int, list[Actor]] = defaultdict(list)
        for actor in self.buyers:
            if actor.may(Permission.APPROVE_COMPANY_ORDERS):
                self.approvers[actor.require_company()].append(actor)
        rows = session.execute(
            select(Offer.id, Offer.pack_size, Offer.tier_prices, col(Category.name).label("category"))
            .join(Product, col(Product.id) == Offer.product_id)
            .join(Category, col(Category.id) == Product.category_id)
            .order_by(col(Offer.sku))
        ).all()
        self.offers = [(row.id, row.pack_size, row.tier_prices[0]) for row in rows]
        # A few articles are wanted by many, most by few.
        self.weights = [_POPULAR.get(row.category, 1) * (12 if random.random() < 0.12 else 1) for row in rows]

    def place(self, count: int, begin: datetime, end: datetime, tell: Callable[[int], None] | None = None) -> None:
        """Place `count` orders, one after the other between two instants, each decided soon after by its firm."""
        for number in range(count):
            instant = begin + (end - begin) * number / count
            with clock.frozen(instant):
                order = self._place_one()
                while order is None:
                    order = self._place_one()
                self._decide(order)
            if tell:
                tell(number + 1)

    def _place_one(self) -> MemberOrder | None:
        """One order of somebody; None where their firm's budget refuses it."""
        buyer = self.random.choice(self.buyers)
        wishes = {wish.offer_id: wish for wish in (self._wish() for _ in range(self.random.randint(2, 7)))}
        try:
            with self.session.begin_nested():
                order = None
                for wish in wishes.values():
                    order = set_cart_line(self.session, buyer, round_id=self.round_id, **wish._asdict())
                assert order is not None
                return submit_order(self.session, buyer, order_key(order))
        except DomainError:
            return None

    def _wish(self) -> _Wish:
        (offer_id, pack, price) = self.random.choices(self.offers, self.weights)[0]
        dear = price > 20
        quantity = self.random.randint(1, 3 if dear else max(4, pack // 2))
        tolerance = self.random.randint(1, max(1, pack // 3)) if pack > 1 and self.random.random() < 0.5 else 0
        accepts = self.random.random() < 0.6
        return _Wish(offer_id, quantity, tolerance, self.random.choice(list(IfUnfilled)), accepts)

    def _decide(self, order: MemberOrder) -> None:
        """Most waiting orders are approved, a few rejected, some left waiting for the next round."""
        while order.status is OrderStatus.AWAITING_APPROVAL:
            approver = next((a for a in self.approvers[order.company_id] if a.person_id != order.person_id), None)
            luck = self.random.random()
            if approver is None or luck < 0.05:
                return
            approve = luck > 0.08
            comment = "" if approve else "Déjà commandé la semaine dernière"
            order = decide_order(self.session, approver, order_key(order), approve=approve, comment=comment)
