"""How a lower floor reaches higher ones inside a transaction: it says what happened, or asks what only they know.

What may wait leaves by the outbox (`core.jobs`) instead. Those who act and answer are named here, not registered by
their modules: whoever publishes reaches them all, whatever else is loaded.
"""

from enum import StrEnum
from functools import cache
from pkgutil import resolve_name
from typing import Any

from sqlmodel import Session


class Event(StrEnum):
    """What is told upwards at once."""

    INVOICE_ISSUED = "invoice_issued"
    INVOICES_RUN = "invoices_run"


class Question(StrEnum):
    """What is asked upwards; each has one that answers."""

    ORDERS_OF_COMPANIES = "orders_of_companies"
    PAST_DEMAND = "past_demand"
    OFFERS_IN_DEMAND = "offers_in_demand"


SUBSCRIBERS = {
    Event.INVOICE_ISSUED: ("app.billing.einvoicing.transmissions:prepare_transmission",),
    Event.INVOICES_RUN: ("app.billing.payments.card_collections:collect_after_run",),
}
ANSWERS = {
    Question.ORDERS_OF_COMPANIES: "app.orders.ordering.queries.orders:count_orders_of_companies",
    Question.OFFERS_IN_DEMAND: "app.orders.ordering.queries.demand:offers_in_open_demand",
    Question.PAST_DEMAND: "app.orders.consolidation.queries.past_demand:bought_between",
}


def publish(event: Event, session: Session, **facts: Any) -> None:
    """Let every subscriber act, in order, in this transaction."""
    for name in SUBSCRIBERS[event]:
        _named(name)(session, **facts)


def ask(question: Question, session: Session, *terms: Any) -> Any:
    """The answer of the floor that knows."""
    return _named(ANSWERS[question])(session, *terms)


@cache
def _named(name: str) -> Any:
    return resolve_name(name)
