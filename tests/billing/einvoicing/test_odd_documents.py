"""Odd documents that suppliers' systems send: what is read of each, exactly, or which refusal; what the site keeps."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlmodel import Session, select

from app.billing.einvoicing.models import ReceivedDocument
from app.billing.einvoicing.received_invoice import read_invoice
from app.core.errors import InvalidInput
from app.core.settings import get_settings
from app.supplying.answer_messages import OrderResponse, read_message
from tests.billing.market import Market
from tests.site import Site

DATA = Path(__file__).parents[2] / "data"
FILES: dict[str, Any] = json.loads((DATA / "documents.json").read_text())
INVOICES = [name for name in FILES if not name.startswith("orsp")]
ANSWERS = [name for name in FILES if name.startswith("orsp")]
PLAIN = (DATA / "documents" / "ubl-plain.xml").read_text()


def plain(number: Any) -> str | None:
    return None if number is None else f"{number.normalize():f}"


def read(name: str) -> dict[str, Any]:
    try:
        found = read_invoice((DATA / "documents" / name).read_bytes())
    except InvalidInput as refusal:
        return {"refused": refusal.code}
    sums = {term: str(getattr(found, term)) for term in ("net", "vat", "gross", "prepaid", "payable")}
    lines = [[line.sku, plain(line.quantity), plain(line.unit_price), str(line.net)] for line in found.lines]
    return {
        "kind": found.kind.value, "number": found.number, "currency": found.currency, **sums,
        "orders": list(found.orders), "lines": lines,
    }  # fmt: skip


def test_every_file_is_judged() -> None:
    assert {path.name for path in (DATA / "documents").iterdir()} == set(FILES)
    assert (len(INVOICES), len(ANSWERS)) == (37, 10)


@pytest.mark.parametrize("name", INVOICES)
def test_an_odd_invoice_is_read_or_refused(name: str) -> None:
    assert read(name) == FILES[name]


@pytest.mark.parametrize("name", ANSWERS)
def test_an_odd_answer_is_read_or_refused(name: str) -> None:
    try:
        found = read_message((DATA / "documents" / name).read_bytes())
    except InvalidInput as refusal:
        assert {"refused": refusal.code} == FILES[name]
        return
    assert isinstance(found, OrderResponse)
    lines = [
        [line.sku, line.status, plain(line.quantity), plain(line.unit_price)]
        + [line.promised_on.isoformat() if line.promised_on else None]
        for line in found.lines
    ]
    assert {"order": found.order, "code": found.code, "lines": lines} == FILES[name]


@pytest.mark.parametrize(
    ("changed", "into", "code"),
    [
        ("63.96", "63.9", "sums_do_not_add_up"),
        ("<cac:LegalMonetaryTotal>", "<cac:LegalMonetaryTotal><cbc:TaxExclusiveAmount>50.00</cbc:TaxExclusiveAmount>",
         "sums_do_not_add_up"),
        (">380<", ">999<", "not_an_invoice"),
        (">10<", ">1_0<", ""), (">10<", ">1e1<", ""), (">10<", ">NaN<", ""), (">10<", ">Infinity<", ""),
        ("2026-11-26", "2026-02-30", ""), ("2026-11-26", "26/11/2026", ""),
        ("<?xml", "PK\x03\x04<?xml", "zip_file"),
        ("<Invoice ", "<!DOCTYPE Invoice [<!ENTITY a 'b'>]><Invoice ", "not_an_invoice"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(changed: str, into: str, code: str) -> None:
    gross = "<cbc:TaxInclusiveAmount"
    with_net = PLAIN.replace(gross, f'<cbc:TaxExclusiveAmount currencyID="EUR">53.30</cbc:TaxExclusiveAmount>{gross}')
    vat = '<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">10.66</cbc:TaxAmount></cac:TaxTotal><cac:LegalMonetaryTotal>'
    document = with_net.replace("<cac:LegalMonetaryTotal>", vat)
    assert read_invoice(document.encode()).vat.as_tuple() == read_invoice(PLAIN.encode()).vat.as_tuple()
    with pytest.raises(InvalidInput) as refusal:
        read_invoice(document.replace(changed, into).encode())
    assert refusal.value.code == (code or refusal.value.code)


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(get_settings(), "einvoicing_token", SecretStr("secret-word"))
    return "secret-word"


@pytest.mark.parametrize("name", INVOICES)
def test_whatever_comes_is_kept_with_its_problem_or_refused_in_the_words_of_machines(
    market: Market, site: Site, token: str, session: Session, name: str
) -> None:
    content = (DATA / "documents" / name).read_bytes()
    answer = site.post(f"/einvoicing/{token}/invoices", content=content)
    if "refused" in FILES[name]:
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
        assert answer.json()["code"] == FILES[name]["refused"]
    else:
        assert answer.status_code == 201
        kept = session.exec(select(ReceivedDocument)).one()
        assert (kept.content, kept.problem) == (content, answer.json()["problem"])
        assert kept.problem  # no order of this market is named
