"""Background jobs of the main loop: mail to suppliers and members, and the clock that opens and closes rounds."""

from typing import Any

from sqlalchemy import Row, text
from sqlmodel import col, select

from app.accounts.models import Person
from app.catalog import import_runs
from app.catalog.models import Offer
from app.catalog.suppliers import addresses_of
from app.core import jobs
from app.core.database import transaction
from app.core.i18n import format_day, format_money, format_number, speaking
from app.core.i18n import gettext as _
from app.notify import mail
from app.notify.letters import Action, letter
from app.orders import outbox
from app.orders.consolidation.models.supplier_orders import (
    Drop,
    SupplierOrder,
    SupplierOrderLine,
    SupplierOrderStatus,
)
from app.orders.consolidation.round_lifecycle import keep_series_going, open_and_close_due_rounds
from app.orders.consolidation.round_plans import work_out_plans
from app.orders.fulfilment.documents.formats import DocumentFormat
from app.orders.fulfilment.documents.order_files import order_files
from app.orders.fulfilment.supplier_links import make_order_link
from app.orders.ordering.approvals import ask_again
from app.orders.ordering.order_columns import ORDER_COLUMNS
from app.orders.ordering.order_imports import import_orders
from app.orders.ordering.standing_orders import lists_due, place_standing

import_runs.register("orders", ORDER_COLUMNS, import_orders)


@jobs.task(outbox.SEND_SUPPLIER_ORDER)
def send_supplier_order(supplier_order_id: int) -> None:
    """Mail a sent supplier order to its supplier's address, or to everyone who speaks for it."""
    with transaction() as session:
        order = session.get_one(SupplierOrder, supplier_order_id)
        lines = session.execute(
            select(Offer.sku, Offer.name, SupplierOrderLine.quantity)
            .join(Offer, col(Offer.id) == SupplierOrderLine.offer_id)
            .where(SupplierOrderLine.supplier_order_id == supplier_order_id)
            .order_by(col(Offer.sku))
        ).all()
        days = session.exec(select(Drop).where(Drop.supplier_order_id == supplier_order_id)).all()
        with speaking("fr"):
            subject = _("Order {number}").format(number=order.number)
            rows = [(sku, format_number(quantity), name) for sku, name, quantity in lines]
            total = _("Total before VAT: {amount}").format(amount=format_money(order.amount))
            delivered = _("Delivery: {days}").format(
                days=", ".join(format_day(day) for day in sorted({drop.delivery_on for drop in days}))
            )
            files = order_files(session, order.number, DocumentFormat.PDF)
            answer = Action(_("Confirm or change it"), make_order_link(session, order))
            for address in addresses_of(session, [order.supplier_id])[order.supplier_id]:
                message = letter(address, subject, [total, delivered], answer, rows=rows, attachments=files)
                jobs.defer(session, mail.send_mail, **message)


@jobs.task(outbox.TELL_OF_CANCELLED_ORDER)
def tell_of_cancelled_order(supplier_order_id: int, reason: str) -> None:
    """Mail a supplier that an order sent to it is called off."""
    with transaction() as session:
        order = session.get_one(SupplierOrder, supplier_order_id)
        with speaking("fr"):
            subject = _("Order {number} is cancelled").format(number=order.number)
            words = [_("Please deliver nothing of it."), _("Reason: {reason}").format(reason=reason)]
            for address in addresses_of(session, [order.supplier_id])[order.supplier_id]:
                jobs.defer(session, mail.send_mail, **letter(address, subject, words))


@jobs.task(outbox.TELL_MEMBERS_OF_OUTCOME)
def tell_members_of_outcome(round_id: int) -> None:
    """Mail everyone of a sent round what became of their lines; one message a person."""
    with transaction() as session:
        rows = session.execute(
            text("""
                SELECT o.person_id, count(*) AS line_count, count(*) FILTER (WHERE a.served < a.wanted) AS short_count,
                    sum(a.amount) AS amount, r.name AS round_name,
                    count(*) FILTER (WHERE s.status = :approved) AS held_back_count
                FROM allocations a
                LEFT JOIN supplier_orders s ON s.id = a.supplier_order_id
                JOIN order_lines l ON l.id = a.order_line_id
                JOIN member_orders o ON o.id = l.order_id
                JOIN rounds r ON r.id = a.round_id
                WHERE a.round_id = :round_id
                GROUP BY o.person_id, r.name ORDER BY o.person_id
            """),
            {"round_id": round_id, "approved": SupplierOrderStatus.APPROVED},
        ).all()
        people = {
            p.id: p for p in session.exec(select(Person).where(col(Person.id).in_([row.person_id for row in rows])))
        }
        jobs.defer_many(session, mail.send_mail, [_outcome_mail(people[row.person_id], row) for row in rows])


def _outcome_mail(person: Person, outcome: Row[Any]) -> dict[str, object]:
    with speaking(person.locale):
        subject = _("{round}: your order is placed with the suppliers").format(round=outcome.round_name)
        body = _("Articles: {count}. Total before VAT: {amount}.").format(
            count=outcome.line_count, amount=format_money(outcome.amount)
        )
        short = ""
        if outcome.short_count:
            short = _("Not wholly served: {count}. Your order says why, and what rolls over.").format(
                count=outcome.short_count
            )
        held_back = ""
        if outcome.held_back_count:
            held_back = _("Not sent to their supplier yet, we see to it: {count}.").format(
                count=outcome.held_back_count
            )
        return letter(person.email, subject, [body, short, held_back], Action(_("Look at my orders"), "/orders"))


@jobs.task(outbox.ASK_APPROVERS)
def ask_approvers(order_id: int) -> None:
    """Mail those who decide on an order that was carried over and waits."""
    with transaction() as session:
        ask_again(session, order_id)


@jobs.task(outbox.PLACE_STANDING_ORDERS)
def place_standing_orders(round_id: int) -> None:
    """Place the standing lists in a round that opened, each in a transaction of its own; repeated, none twice."""
    with transaction() as session:
        due = lists_due(session, round_id)
    for list_id in due:
        with transaction() as session:
            place_standing(session, list_id, round_id)


@jobs.task(outbox.WORK_OUT_PLANS)
def work_out_plans_of_round(round_id: int) -> None:
    """Work out the plans that somebody asked for."""
    work_out_plans(round_id)


@jobs.app.periodic(cron="* * * * *")
@jobs.task(outbox.OPEN_AND_CLOSE_DUE_ROUNDS)
def open_and_close_due_rounds_now(timestamp: int) -> None:
    """Every minute: open the rounds whose hour has come, plan the next of a series, close those past their cut-off.

    The next round of a series opens before the one before it closes, so that what is not served can roll over into it.
    """
    with transaction() as session:
        keep_series_going(session)
        open_and_close_due_rounds(session)
