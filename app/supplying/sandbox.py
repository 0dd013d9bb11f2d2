"""The sandbox: a place of its own where a supplier's developer tries everything on test orders.

It answers by the same code on the same tables, in another schema of the database. Nothing of it is mailed. A supplier
is copied there with some of its offers; a test order is a small round, played to its end by the use cases of real ones.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from app.accounts.actor import COMMAND_LINE, Actor, actor_for
from app.accounts.models import ApiKey, Association, Park, Person
from app.accounts.permissions import SUPPLIER_SCOPES, Role
from app.accounts.service import add_person, create_company, create_park, find_person, get_association
from app.accounts.sign_in import create_api_key
from app.catalog.models import Category, Offer, Product, Supplier
from app.catalog.suppliers import add_supplier_user, require_supplier
from app.core import clock, schema
from app.core.database import in_sandbox, rows_as, sandbox, transaction
from app.core.errors import Conflict
from app.orders.consolidation.draft import consolidate_round
from app.orders.consolidation.models.supplier_orders import Drop, SupplierOrder
from app.orders.consolidation.round_approval import approve_round
from app.orders.consolidation.round_lifecycle import close_round, open_round
from app.orders.consolidation.sending import send_round
from app.orders.fulfilment.acknowledgement import get_supplier_order_of
from app.orders.fulfilment.receipts import receive_drop
from app.orders.ordering.member_orders import set_cart_line, submit_order
from app.orders.rounds.models import Round
from app.orders.rounds.service import create_round

OFFERS_COPIED = 30
_ORDERS_SHOWN = 20
_LINES_OF_AN_ORDER = 5
_NO_SECOND_APPROVAL = Decimal(10**11)  # nobody could give it
_FIRMS = 2


def make_sandbox_key(session: Session, actor: Actor) -> str:
    """A key of the sandbox for a supplier, whole scopes; the supplier and some offers are copied there at need."""
    supplier = session.get_one(Supplier, require_supplier(session, actor))
    offers = _offers_of(session, supplier.id or 0, OFFERS_COPIED)
    products = session.exec(select(Product).where(col(Product.id).in_([offer.product_id for offer in offers]))).all()
    person = session.get_one(Person, actor.require_person())
    association, parks = get_association(session), list(session.exec(select(Park).order_by(Park.code)))
    schema.make_sandbox()
    with sandbox(), transaction() as there:
        _copy_association(there, association, parks)
        copied = _copy_supplier(there, supplier)
        _copy_offers(there, copied, offers, products)
        speaker = find_person(there, person.email) or add_supplier_user(
            there, COMMAND_LINE, supplier.code, email=person.email, name=person.name, locale=person.locale
        )
        return create_api_key(there, actor_for(speaker), "sandbox", sorted(SUPPLIER_SCOPES)).secret


class TestOrder(NamedTuple):
    """A test order in a list."""

    number: str
    status: str
    sent_at: datetime | None


@dataclass(frozen=True)
class SandboxState:
    """What somebody has in the sandbox: keys, when one was used last, the latest test orders."""

    key_count: int = 0
    last_used_at: datetime | None = None
    orders: list[TestOrder] = field(default_factory=list)


def read_sandbox(session: Session, actor: Actor) -> SandboxState:
    """What a supplier's person has in the sandbox."""
    with _there(session, actor) as found:
        if found is None:
            return SandboxState()
        there, speaker = found
        keys = select(func.count(), func.max(ApiKey.last_used_at)).where(
            ApiKey.person_id == speaker.person_id, col(ApiKey.revoked_at).is_(None)
        )
        key_count, last_used_at = there.execute(keys).one()
        orders = (
            select(SupplierOrder.number, SupplierOrder.status, SupplierOrder.sent_at)
            .where(SupplierOrder.supplier_id == require_supplier(there, speaker))
            .order_by(col(SupplierOrder.id).desc())
        )
        latest = rows_as(TestOrder, there.execute(orders.limit(_ORDERS_SHOWN)))
        return SandboxState(key_count, last_used_at, latest)


def end_sandbox_keys(session: Session, actor: Actor) -> None:
    """End every key that somebody has in the sandbox."""
    with _there(session, actor) as found:
        if found is not None:
            there, speaker = found
            ending = update(ApiKey).where(col(ApiKey.person_id) == speaker.person_id, col(ApiKey.revoked_at).is_(None))
            there.execute(ending.values(revoked_at=clock.now()))


def make_own_test_order(session: Session, actor: Actor) -> None:
    """A test order for a supplier's person who is not in the sandbox but at its page."""
    with _there(session, actor) as found:
        if found is None:
            raise Conflict("Make a key of the sandbox first.", code="no_sandbox_key")
        make_test_order(*found)


@contextmanager
def _there(session: Session, actor: Actor) -> Iterator[tuple[Session, Actor] | None]:
    """A transaction in the sandbox, and the same person there; None where there is no sandbox or they never had a key.

    People are known by their mail address, which is an actor's identity.
    """
    if not schema.has_sandbox(session.connection()):
        yield None
        return
    with sandbox(), transaction() as there:
        person = find_person(there, actor.identity)
        yield None if person is None else (there, actor_for(person))


def _offers_of(session: Session, supplier_id: int, most: int) -> list[Offer]:
    query = select(Offer).where(Offer.supplier_id == supplier_id, col(Offer.withdrawn_at).is_(None))
    return list(session.exec(query.order_by(Offer.sku).limit(most)))


def require_sandbox() -> None:
    """Raise `Conflict` outside the sandbox."""
    if not in_sandbox():
        raise Conflict("This is for keys of the sandbox, which begin with engs_.", code="not_in_sandbox")


def make_test_order(session: Session, actor: Actor) -> SupplierOrder:
    """An order to the supplier, sent: firms in each park order some of its offers in a round that is played at once."""
    require_sandbox()
    supplier_id = require_supplier(session, actor)
    offers = _offers_of(session, supplier_id, _LINES_OF_AN_ORDER)
    code = f"TEST-{(session.scalar(select(func.count()).select_from(Round)) or 0) + 1}"
    now, parks = clock.now(), list(session.exec(select(Park).order_by(Park.code)))
    create_round(
        session,
        COMMAND_LINE,
        code=code,
        name=code,
        opens_at=now - timedelta(days=1),
        closes_at=now + timedelta(hours=1),
        deliveries={park.id or 0: clock.today() + timedelta(days=7) for park in parks},
    )
    round_id = open_round(session, COMMAND_LINE, code).id or 0
    for person in session.exec(select(Person).where(col(Person.company_id).is_not(None)).order_by(col(Person.id))):
        buyer = actor_for(person)
        for at, offer in enumerate(offers, start=1):
            units = max(offer.min_quantity, offer.pack_size * at)
            order = set_cart_line(session, buyer, round_id=round_id, offer_id=offer.id or 0, quantity=units)
        submit_order(session, buyer, order.id or 0)
    for step in (close_round, consolidate_round, approve_round, send_round):
        step(session, COMMAND_LINE, code)
    return session.exec(select(SupplierOrder).where(SupplierOrder.round_id == round_id)).one()


def receive_test_order(session: Session, actor: Actor, number: str) -> SupplierOrder:
    """Everything of a test order that is still to come arrives whole, as the association would record it."""
    order = get_supplier_order_of(session, actor, number)
    require_sandbox()
    waiting = select(Park.code).join(Drop, col(Drop.park_id) == Park.id)
    for park in session.exec(waiting.where(Drop.supplier_order_id == order.id, col(Drop.received_at).is_(None))).all():
        order = receive_drop(session, COMMAND_LINE, number, park)
    return order


def _copy_association(there: Session, association: Association, parks: list[Park]) -> None:
    if there.get(Association, 1) is not None:
        return
    there.add(Association(**association.model_dump() | {"second_approval_above": _NO_SECOND_APPROVAL}))
    for park in parks:
        copied = create_park(there, COMMAND_LINE, park.code, park.name, park.postal_code, park.city)
        for at in range(1, _FIRMS + 1):
            code = f"{park.code}-{at}"[:40]
            firm = create_company(there, COMMAND_LINE, code=code, name=f"Test {code}", park_id=copied.id or 0)
            mail = f"buyer-{firm.id}@sandbox.example"
            add_person(there, COMMAND_LINE, email=mail, name=f"Test {code}", roles=(Role.EMPLOYEE,), company_id=firm.id)


def _copy_supplier(there: Session, supplier: Supplier) -> Supplier:
    found = there.exec(select(Supplier).where(Supplier.code == supplier.code)).one_or_none()
    if found is None:
        terms = {"id", "minimum_order", "free_delivery_from", "delivery_fee"}  # a small test order is never held back
        found = Supplier(**supplier.model_dump(exclude=terms))
        there.add(found)
        there.flush()
    return found


def _copy_offers(there: Session, supplier: Supplier, offers: list[Offer], products: Sequence[Product]) -> None:
    known = set(there.exec(select(Offer.sku).where(Offer.supplier_id == supplier.id)))
    if not known and not offers:
        raise Conflict("Offer something first: test orders are made of your own offers.", code="no_offers")
    new = [offer for offer in offers if offer.sku not in known]
    refs = {product.id: product.ref for product in products}
    wanted = {offer.product_id for offer in new}
    copies = _copy_products(there, [product for product in products if product.id in wanted])
    there.add_all(
        Offer(
            **offer.model_dump(exclude={"id", "supplier_id", "product_id"}),
            supplier_id=supplier.id or 0,
            product_id=copies[refs[offer.product_id]].id or 0,
        )
        for offer in new
    )
    there.flush()


def _copy_products(there: Session, products: Sequence[Product]) -> dict[str, Product]:
    """The copies of some products, by their reference."""
    category = there.exec(select(Category)).first() or Category(name="Test")
    there.add(category)
    there.flush()
    refs = [product.ref for product in products]
    copies = {copy.ref: copy for copy in there.exec(select(Product).where(col(Product.ref).in_(refs)))}
    for product in products:
        if product.ref not in copies:
            own = product.model_dump(exclude={"id", "category_id", "search"})
            copies[product.ref] = Product(**own, category_id=category.id or 0)
    there.add_all(copies.values())
    there.flush()
    return copies
