"""Stripe in tests: `localstripe` as the peer, a browser's part done by requests, events signed as Stripe signs."""

import hashlib
import hmac
import json
import time
from random import Random
from typing import Any

import httpx
from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import Actor
from app.billing.einvoicing import received_documents, transmissions
from app.billing.payments import card_collections, connected_accounts, payment_methods
from app.billing.payments.models.cards import MethodKind, PaymentMethod
from app.demo import card_peer

VISA, DECLINED_LATER, ASKS_ALWAYS = "4242424242424242", "4000000000000341", "4000002760003184"


def confirm_setup(address: str, setup_id: str, kind: MethodKind, number: str) -> None:
    """What the browser does with a card's number or an IBAN, and with the question of the owner's bank."""
    details: dict[str, Any] = {"type": kind.value}
    if kind is MethodKind.CARD:
        details["card"] = {"number": number, "exp_month": "12", "exp_year": "2030", "cvc": "123"}
    else:
        details["sepa_debit"] = {"iban": number}
    url = f"{address}/v1/setup_intents/{setup_id}/confirm"
    body = {"key": card_peer.PUBLISHABLE_KEY}
    answer = httpx.post(url, json=body | {"payment_method_data": details})
    if answer.json().get("status") == "requires_action":
        answer = httpx.post(url, json=body)
    assert answer.json()["status"] == "succeeded", answer.text


def give_card(session: Session, address: str, approver: Actor, number: str = VISA) -> PaymentMethod:
    """A firm gives its card."""
    setup = payment_methods.begin_setup(session, approver, MethodKind.CARD)
    confirm_setup(address, setup.id, MethodKind.CARD, number)
    return payment_methods.keep_method(session, approver, setup.id)


def answer_bank(address: str, intent_id: str, secret: str, *, yes: bool = True) -> None:
    """The owner answers the question of their bank (3-D Secure)."""
    url = f"{address}/v1/payment_intents/{intent_id}/_authenticate"
    body = {"key": card_peer.PUBLISHABLE_KEY, "client_secret": secret, "success": yes}
    httpx.post(url, json=body).raise_for_status()


def at_peer(address: str, path: str) -> dict[str, Any]:
    """An object as the peer has it."""
    answer = httpx.get(f"{address}/v1/{path}", headers={"Authorization": f"Bearer {card_peer.SECRET_KEY}"})
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def signed(event: dict[str, Any], secret: str = card_peer.WEBHOOK_SECRET) -> tuple[bytes, str]:
    """The body of an event and its signature (Stripe-Signature, scheme v1)."""
    body, now = json.dumps(event).encode(), int(time.time())
    digest = hmac.new(secret.encode(), b"%d.%s" % (now, body), hashlib.sha256).hexdigest()
    return body, f"t={now},v1={digest}"


def event_of(event_id: str, type_: str, about: dict[str, Any]) -> dict[str, Any]:
    """An event in the shape of Stripe's."""
    return {"id": event_id, "object": "event", "type": type_, "data": {"object": about}}


_DOES = {
    "billing.collect": card_collections.carry_out,
    "billing.sync_collection": card_collections.sync,
    "billing.sync_setup": payment_methods.keep_from_event,
    "billing.sync_account": connected_accounts.sync_account,
    "billing.pay_back": card_collections.pay_back,
    "billing.settle_credit": card_collections.pay_back_excess,
    "billing.transmit": transmissions.transmit,
    "billing.tell_life_cycle": received_documents.tell,
}


def work(session: Session, chance: Random | None = None) -> None:
    """Do the jobs of billing that wait, and those that these ask for, in their order or (with `chance`) in any."""
    while True:
        session.flush()
        rows = session.execute(
            text("DELETE FROM procrastinate_jobs WHERE queue_name = 'billing' RETURNING id, task_name, args")
        ).all()
        if not rows:
            return
        jobs = sorted(rows, key=lambda row: chance.random() if chance else row.id)
        for job in jobs:
            _DOES[job.task_name](session, **job.args)
