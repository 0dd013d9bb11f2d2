"""Collecting invoices by Stripe: asked for once, brought in step with what Stripe tells, booked, paid back.

A collection is never pushed on by what an event says: the event only says which one to look at again. It is read from
Stripe, and what differs from the books is booked, unless somebody else looked meanwhile: then it is read again. So
events that come twice, late, in another order or never (an hourly job looks as well) leave the same books.
"""

from contextlib import suppress
from decimal import Decimal
from functools import partial

from sqlalchemy import text
from sqlmodel import Session, col, func, select

from app.accounts.actor import SYSTEM, Actor
from app.accounts.service import get_association
from app.billing.invoicing.issue import member_seller
from app.billing.invoicing.member_invoices import issue_member_invoices, suppliers_due
from app.billing.invoicing.models import IssuedInvoice
from app.billing.invoicing.queries import MEMBER_INVOICES, open_amount
from app.billing.outbox import COLLECT, PAY_BACK, SYNC_COLLECTION
from app.billing.payments import stripe_gateway as gateway
from app.billing.payments.models.bank import Payment
from app.billing.payments.models.cards import (
    UNDER_WAY,
    Collection,
    CollectionStatus,
    PaymentMethod,
    Refund,
    StripeCustomer,
)
from app.billing.payments.notices import tell_collection_failed
from app.catalog.models import Supplier
from app.commission.ledger.chart import Account
from app.commission.ledger.entries import EntryDraft, PostingDraft, book
from app.commission.ledger.models import DocumentType
from app.core import audit, clock, jobs
from app.core.database import outside, transaction
from app.core.errors import Conflict, DomainError
from app.core.money import ZERO
from app.edocuments.totals import STANDARD_RATE


def invoice_card_payers() -> None:
    """Invoice what came for the firms that let us collect by Stripe, and collect it: they do not wait for the month."""
    with transaction() as session:
        association = get_association(session)
        payers = list(session.exec(select(PaymentMethod.company_id).where(col(PaymentMethod.removed_at).is_(None))))
        suppliers = list(suppliers_due(session, clock.now(), payers)) if payers else []
    for supplier_id in suppliers:
        # Who cannot be a seller here is told of by the month's run.
        with suppress(DomainError), transaction() as session:
            seller = member_seller(session.get_one(Supplier, supplier_id), association)
            list(issue_member_invoices(session, SYSTEM, supplier_id, seller, association, clock.now(), payers))
    with transaction() as session:
        collect_open(session, SYSTEM)


# Invoices that are open, of firms that let us collect by Stripe, and that nobody collects yet. Where the supplier has
# an account of its own there, the money goes to it, less our commission with VAT on what the invoice asks for; cents
# that this differs from the commission invoice come out in transfers.
_TO_COLLECT = f"""
    SELECT i.id, i.open, m.id AS method_id, coalesce(a.account_id, '') AS destination,
        CASE WHEN a.account_id IS NULL THEN 0 ELSE least(round(:with_vat * coalesce(c.net, 0), 2), i.open) END AS fee
    FROM ({MEMBER_INVOICES}) i
    JOIN payment_methods m ON m.company_id = i.company_id AND m.removed_at IS NULL
    JOIN issued_invoices n ON n.id = i.id
    LEFT JOIN stripe_accounts a ON a.supplier_id = n.supplier_id AND a.charges_enabled
    LEFT JOIN LATERAL (
        SELECT sum(round(x.commission * l.units / x.served, 2)) AS net
        FROM invoiced_lines l JOIN allocations x ON x.order_line_id = l.order_line_id AND x.served > 0
        WHERE l.invoice_id = i.id
    ) c ON true
    WHERE i.open > 0 AND (CAST(:ids AS int[]) IS NULL OR i.id = ANY(:ids))
        AND NOT EXISTS (SELECT FROM collections o WHERE o.invoice_id = i.id AND o.status = ANY(:under_way))
        AND NOT EXISTS (SELECT FROM direct_debits d WHERE d.invoice_id = i.id
            AND d.returned_at IS NULL AND d.taken_back_at IS NULL)
        AND (:again OR NOT EXISTS (SELECT FROM collections o WHERE o.invoice_id = i.id AND o.method_id = m.id))
    ORDER BY i.id
"""


def collect_open(
    session: Session, actor: Actor, invoice_ids: list[int] | None = None, *, again: bool = False
) -> list[Collection]:
    """Have open invoices collected from the methods of their firms, in the background; each once unless `again`."""
    if not gateway.is_configured():
        return []
    # Who asks at once follows each other; collections under way are not waited for.
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('billing.collect'))"))
    asked = {
        "ids": invoice_ids,
        "again": again,
        "with_vat": 1 + STANDARD_RATE / 100,
        "under_way": list(UNDER_WAY),
    }
    made = [
        Collection(
            invoice_id=row.id, method_id=row.method_id, amount=row.open, destination=row.destination,
            application_fee=row.fee, made_at=clock.now(), made_by=actor.label,
        )
        for row in session.execute(text(_TO_COLLECT), asked)
    ]  # fmt: skip
    session.add_all(made)
    session.flush()
    for one in made:
        audit.record(session, actor.label, "collection.asked", one, amount=str(one.amount))
    jobs.defer_many(session, COLLECT, [{"collection_id": one.id} for one in made])
    return made


def collect_after_run(session: Session) -> None:
    """Collect what a run of invoices made due."""
    collect_open(session, SYSTEM)


def carry_out(session: Session, collection_id: int) -> None:
    """Ask Stripe for a collection that waits, and keep what it says."""
    collection = session.get_one(Collection, collection_id)
    if collection.status is not CollectionStatus.QUEUED:
        return
    method = session.get_one(PaymentMethod, collection.method_id)
    ask = partial(
        gateway.collect, f"COL{collection.id:08d}", collection.amount,
        session.get_one(StripeCustomer, method.company_id).customer_id, method.stripe_id,
        destination=collection.destination, application_fee=collection.application_fee,
    )  # fmt: skip
    with outside(session):
        snapshot = ask()
    session.refresh(collection, with_for_update=True)
    if collection.status is CollectionStatus.QUEUED:  # else somebody asked at the same time, and got the same
        collection.intent_id = snapshot.intent_id or None
        take_in(session, collection, snapshot)


def sync(session: Session, intent_id: str) -> None:
    """Bring a collection in step with Stripe; an intent that is not ours is passed over."""
    collection = session.exec(select(Collection).where(Collection.intent_id == intent_id)).one_or_none()
    if collection is None:
        return
    looks, connect = collection.looks, bool(collection.destination)
    with outside(session):
        snapshot = gateway.read_collection(intent_id, connect=connect)
    session.refresh(collection, with_for_update=True)
    if collection.looks == looks:
        take_in(session, collection, snapshot)
    else:  # somebody looked meanwhile: which of the two was later is not known
        jobs.defer(session, SYNC_COLLECTION, intent_id=intent_id)


def sync_stale(session: Session) -> None:
    """Have whatever is under way looked at again, as no event may have come."""
    query = select(Collection.intent_id).where(
        col(Collection.status).in_(UNDER_WAY), col(Collection.intent_id).is_not(None)
    )
    jobs.defer_many(session, SYNC_COLLECTION, [{"intent_id": intent} for intent in session.exec(query)])


def take_in(session: Session, collection: Collection, now: gateway.Snapshot) -> None:
    """Book what a collection has become more (or less) than it was, and tell the firm where it is asked to act."""
    invoice = session.get_one(IssuedInvoice, collection.invoice_id)
    more = now.received - collection.received
    to_supplier = now.to_supplier - collection.to_supplier
    fee = now.fee - collection.stripe_fee
    sides = [
        *_sides(Account.MEMBERS, -more, company_id=invoice.company_id),
        *_sides(Account.SUPPLIERS, to_supplier, supplier_id=invoice.supplier_id),
        *_sides(Account.BANK_FEES, fee),
        *_sides(Account.STRIPE, more - to_supplier - fee),
    ]
    if more:
        session.add(Payment(collection_id=collection.id, invoice_id=collection.invoice_id, amount=more))
    if sides:
        collection.synced += 1
        purpose = f"collection-{collection.synced}"
        book(session, [EntryDraft(DocumentType.STRIPE, now.intent_id, purpose, invoice.number, tuple(sides))])
    changed = collection.status is not now.status
    collection.status, collection.failure = now.status, now.failure
    collection.received, collection.to_supplier, collection.stripe_fee = now.received, now.to_supplier, now.fee
    collection.looks += 1
    session.flush()
    if changed and now.status in {CollectionStatus.FAILED, CollectionStatus.ACTION_NEEDED}:
        tell_collection_failed(session, collection, invoice)
    if changed:
        audit.record(session, "stripe", f"collection.{now.status.value}", collection, received=str(now.received))


def _sides(account: str, amount: Decimal, **party: int | None) -> list[PostingDraft]:
    """A debit, or (negative) a credit; nothing where there is none."""
    if not amount:
        return []
    return [PostingDraft(account, debit=max(amount, ZERO), credit=max(-amount, ZERO), **party)]


def pay_back_excess(session: Session, invoice_id: int) -> None:
    """Give back to the card or account what an invoice was paid too much by it, in the background."""
    excess = -open_amount(session, invoice_id)
    for collection in session.exec(
        select(Collection).where(Collection.invoice_id == invoice_id, Collection.received > 0)
        .order_by(col(Collection.id).desc()).with_for_update()
    ):  # fmt: skip
        under_way = session.scalar(
            select(func.coalesce(func.sum(Refund.amount), 0)).where(
                Refund.collection_id == collection.id, col(Refund.stripe_id).is_(None), Refund.failure == ""
            )
        )
        excess -= under_way or ZERO
        gives = min(excess, collection.received - (under_way or ZERO))
        if gives > 0:
            refund = Refund(collection_id=collection.id or 0, amount=gives, asked_at=clock.now())
            session.add(refund)
            session.flush()
            excess -= gives
            jobs.defer(session, PAY_BACK, refund_id=refund.id)


def pay_back(session: Session, refund_id: int) -> None:
    """Ask Stripe for a refund that waits, and bring its collection in step."""
    refund = session.get_one(Refund, refund_id)
    collection = session.get_one(Collection, refund.collection_id)
    intent_id, connect = collection.intent_id, bool(collection.destination)
    if refund.stripe_id or not intent_id:
        return
    reference, amount, stripe_id, failure = f"REF{refund.id:08d}", refund.amount, None, ""
    with outside(session):
        try:
            stripe_id = gateway.refund(reference, intent_id, amount, from_supplier=connect)
        except Conflict as refusal:
            failure = str(refusal)[:300]
    refund = session.get_one(Refund, refund_id, with_for_update=True, populate_existing=True)
    if refund.stripe_id:
        return
    refund.stripe_id, refund.failure = stripe_id, failure
    session.flush()
    if stripe_id:
        audit.record(session, "stripe", "collection.paid_back", collection, amount=str(amount))
        sync(session, intent_id)
