"""Background jobs of billing."""

from app.accounts.actor import SYSTEM
from app.billing import outbox
from app.billing.einvoicing import received_documents, transmissions
from app.billing.invoicing import purchases, runs
from app.billing.payments import card_collections, connected_accounts, payment_methods, settled_rounds
from app.core import jobs
from app.core.database import transaction


@jobs.task(outbox.ISSUE_INVOICES)
def issue_invoices(run_id: int) -> None:
    """Issue the invoices of a month."""
    runs.carry_out(run_id)


@jobs.task(outbox.SETTLE_CREDIT)
def settle_credit(invoice_id: int) -> None:
    """Give back what an invoice was paid too much by card, now that it is credited."""
    with transaction() as session:
        card_collections.pay_back_excess(session, invoice_id)


@jobs.task(outbox.COLLECT)
def collect(collection_id: int) -> None:
    """Ask Stripe for a collection."""
    with transaction() as session:
        card_collections.carry_out(session, collection_id)


@jobs.task(outbox.SYNC_COLLECTION)
def sync_collection(intent_id: str) -> None:
    """Bring a collection in step with Stripe."""
    with transaction() as session:
        card_collections.sync(session, intent_id)


@jobs.task(outbox.SYNC_SETUP)
def sync_setup(setup_id: str) -> None:
    """Keep a card or account that was confirmed."""
    with transaction() as session:
        payment_methods.keep_from_event(session, setup_id)


@jobs.task(outbox.SYNC_ACCOUNT)
def sync_account(account_id: str) -> None:
    """Bring a supplier's account in step with Stripe."""
    with transaction() as session:
        connected_accounts.sync_account(session, account_id)


@jobs.task(outbox.PAY_BACK)
def pay_back(refund_id: int) -> None:
    """Ask Stripe for a refund."""
    with transaction() as session:
        card_collections.pay_back(session, refund_id)


@jobs.task(outbox.TRANSMIT)
def transmit(invoice_id: int) -> None:
    """Hand a document over to its recipient's platform."""
    with transaction() as session:
        transmissions.transmit(session, invoice_id)


@jobs.task(outbox.TELL_LIFE_CYCLE)
def tell_life_cycle(event_id: int) -> None:
    """Tell the sender of an invoice how far it is."""
    with transaction() as session:
        received_documents.tell(session, event_id)


@jobs.app.periodic(cron="43 4 * * *")
@jobs.task(outbox.SETTLE_ROUNDS)
def settle_rounds(timestamp: int) -> None:
    """Every night: rounds of which nothing is to be invoiced or paid any more are settled."""
    with transaction() as session:
        settled_rounds.settle_rounds(session)


@jobs.app.periodic(cron="23 4 * * *")
@jobs.task(outbox.NIGHTLY)
def invoice_card_payers(timestamp: int) -> None:
    """Every night: firms that pay by Stripe are invoiced for what came, and it is collected."""
    card_collections.invoice_card_payers()


@jobs.app.periodic(cron="11 * * * *")
@jobs.task(outbox.HOURLY)
def look_again(timestamp: int) -> None:
    """Every hour: collections under way are looked at again, as no event may have come; suppliers' own invoices are
    booked, and the life cycle of invoices is told on."""
    with transaction() as session:
        card_collections.collect_open(session, SYSTEM)
        card_collections.sync_stale(session)
    with transaction() as session:
        purchases.book_purchases(session)
        received_documents.say_how_far(session)
        transmissions.note_cashed(session)
