"""Letters about money: a collection that needs its owner, or that failed."""

from sqlmodel import Session

from app.accounts.queries import list_approvers
from app.billing.invoicing.models import IssuedInvoice
from app.billing.payments.models.cards import Collection, CollectionStatus
from app.core import jobs
from app.core.i18n import format_money, speaking
from app.core.i18n import gettext as _
from app.notify.letters import Action, letter
from app.notify.mail import send_mail


def tell_collection_failed(session: Session, collection: Collection, invoice: IssuedInvoice) -> None:
    """Mail the approvers of a firm that its bank asks them to confirm a payment, or that it failed and why."""
    letters = []
    for person in list_approvers(session, invoice.company_id or 0):
        with speaking(person.locale):
            if collection.status is CollectionStatus.ACTION_NEEDED:
                subject = _("Please confirm the payment of {number}").format(number=invoice.number)
                words = _("Your bank wants you to confirm the payment of {amount}.")
            else:
                subject = _("The payment of {number} failed").format(number=invoice.number)
                words = _("{amount} could not be collected: {why}")
            told = words.format(amount=format_money(collection.amount), why=collection.failure or "–")
            action = Action(_("Pay the invoice"), f"/invoices/{invoice.number}/payment")
            letters.append(letter(person.email, subject, [told], action))
    jobs.defer_many(session, send_mail, letters)
