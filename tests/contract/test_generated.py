"""Requests made up from the API's own description (schemathesis, all checks on), against every operation.

What fits the description must be taken, or refused for a reason of state; what does not fit must be refused; every
answer must be one that the description tells of. Names and numbers of real things stand in for made-up ones in
paths, so that the rules behind them are reached. After each request the database checks what it keeps for the commit.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from sqlalchemy import Engine, text
from sqlmodel import Session

from app.accounts.permissions import PEOPLES_SCOPES, SUPPLIER_SCOPES
from app.accounts.sign_in import create_api_key
from app.core import clock
from app.main import create_app
from tests.factories import NOW, Busy, a_busy_world

APPLICATION = create_app(connections=5)
# Operations with rules that no JSON Schema says: of several fields, of things named in a body, of files.
# They alone may refuse (422) what fits the description, and then name the field and the rule.
WITH_FURTHER_RULES = {
    "POST /api/v1/companies": "a SIRET has a check digit",
    "POST /api/v1/people": "employees and approvers have a company, suppliers are added elsewhere",
    "POST /api/v1/api-keys": "scopes are those of the caller",
    "PUT /api/v1/suppliers/{code}/email": "an address has a form",
    "POST /api/v1/commission-rules": "what a rule is for, least and most, first and last day fit each other",
    "POST /api/v1/rounds": "the instants of a round follow each other; parks exist",
    "PUT /api/v1/budgets": "the cost centre is one of the company's",
    "POST /api/v1/approval-rules": "the approver is one of the company's",
    "PUT /api/v1/rounds/{code}/suppliers/{supplier_id}/choice": "`keep_open_until` goes with `postpone`",
    "POST /api/v1/supplier-orders/{number}/drops/{park}/receipt": "articles are those of the order",
    "POST /api/v1/supplier/orders/{number}/acknowledgement": "lines are those of the order",
    "POST /api/v1/supplier/orders/{number}/despatch-advices": "lines are those to come, an SSCC checks",
    "POST /api/v1/supplier/orders/{number}/invoices": "lines are those of the order, amounts add up",
    "PUT /api/v1/supplier/invoices/{invoice_id}/file": "the file is a PDF",
    "POST /api/v1/supplier/documents": "the file is UBL",
    "POST /api/v1/supplier/webhooks": "the address is https and public",
    "PATCH /api/v1/supplier/offers": "articles are the supplier's own",
    "POST /api/v1/evidence/{evidence_id}/decision": "a refusal has a reason",
    "POST /api/v1/outgoing-files": "the association has its IBAN and creditor identifier",
    "PUT /api/v1/supplier/tenders/{reference}/bid": "lines are those of the tender, a country has its code",
    "POST /api/v1/supplier/evidence": "the criterion is one of the charter's",
}
# Who sends an old version is told so (412, RFC 9110), however well the request is made.
_TAKEN = ["2xx", "401", "403", "404", "409", "412", "429"]


def _taken(*statuses: str) -> dict[str, Any]:
    return {"checks": {"positive_data_acceptance": {"expected-statuses": [*_TAKEN, *statuses]}}}


_CONFIG = SchemathesisConfig.from_dict(
    _taken()
    | {"generation": {"allow-extra-parameters": False}}  # what nobody asks for is ignored in addresses and headers
    | {"operations": [{"include-name": name} | _taken("422") for name in WITH_FURTHER_RULES]}
)
schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", APPLICATION, config=_CONFIG)

# Real things that a path may name.
REAL = {
    "code": "R2", "number": "R0-S1", "park": "nord", "form": "ubl", "offer_id": 3, "order_id": 3, "supplier_id": 1,
    "product_id": 3, "line_id": 3, "invoice_id": 1, "endpoint_id": 1, "evidence_id": 1, "run_id": 1, "person_id": 2,
    "rule_id": 1, "delivery_id": 1, "reference": "AO-P", "question_id": 1, "plan_id": 1, "file_id": 1,
}  # fmt: skip


@dataclass
class Place:
    """A world of two rounds in a database of its own, and a key for each who asks."""

    engine: Engine
    keys: dict[str, str]

    @contextmanager
    def untouched(self) -> Iterator[None]:
        """Whatever is asked inside is checked as at a commit, then undone."""
        with self.engine.connect() as connection, connection.begin() as outer:
            APPLICATION.state.open_session = lambda: Session(
                bind=connection, join_transaction_mode="create_savepoint", expire_on_commit=False
            )
            yield
            connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
            outer.rollback()

    def key_for(self, path: str) -> str:
        """The key of somebody who may ask this."""
        for who, pattern in (
            ("speaker", r"/supplier/"),
            ("approver", r"budgets|cost-centres|approval|(orders|invoices)/.*decision"),
            ("employee", r"cart|/v1/orders|offers/\{offer_id\}$|products"),
            ("treasurer", r"ledger|commission"),
        ):
            if re.search(pattern, path):
                return self.keys[who]
        return self.keys["manager"]


def _key(session: Session, busy: Busy, who: str) -> str:
    scopes = SUPPLIER_SCOPES if who == "speaker" else PEOPLES_SCOPES
    return create_api_key(session, getattr(busy, who), "made-up requests", sorted(scopes)).secret


@pytest.fixture(scope="module")
def place(module_engine: Engine) -> Iterator[Place]:
    with clock.frozen(NOW):
        with Session(module_engine, expire_on_commit=False) as session:
            busy = a_busy_world(session)
            keys = {
                who: _key(session, busy, who) for who in ("manager", "speaker", "approver", "employee", "treasurer")
            }
            session.commit()
        yield Place(module_engine, keys)


@schema.parametrize()
@settings(
    max_examples=8,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
def test_every_operation_keeps_to_its_description(case: schemathesis.Case, place: Place) -> None:
    if isinstance(case.body, dict) and not isinstance(case.body.get("file", b""), str | bytes):
        return  # numbers and objects made up for a file are sent as their text, which is a file like any other
    parts = case.meta.components if case.meta else {}
    if all(part.mode.is_positive for part in parts.values()) or "path" not in str(list(parts)):
        case.path_parameters = {name: REAL.get(name, value) for name, value in case.path_parameters.items()}
    with place.untouched():
        answer = case.call_and_validate(headers={"Authorization": f"Bearer {place.key_for(case.operation.path)}"})
    if answer.status_code == 422 and case.meta and case.meta.generation.mode.is_positive:
        problem = answer.json()
        assert problem["code"] != "invalid_request", problem
