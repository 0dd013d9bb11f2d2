"""Peppol documents of suppliers' systems: the official examples are read, and what they say is applied."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from app.core.errors import InvalidInput
from app.orders.fulfilment.acknowledgement import get_supplier_order_of
from app.orders.fulfilment.queries.supplier_side import own_lines
from app.supplying.answer_messages import DespatchMessage, OrderResponse, read_message
from tests.conftest import SHARED
from tests.supplying.desk import Desk

EXAMPLES = SHARED / "peppol" / "examples"
PATHS = sorted(EXAMPLES.rglob("*Response*.xml")) + sorted(EXAMPLES.rglob("*response*.xml"))
PATHS = [path for path in dict.fromkeys(PATHS) if "atalogue" not in path.name and "MessageLevel" not in path.name]
ADVICES = sorted(EXAMPLES.rglob("DespatchAdvice*.xml"))
DOCUMENTS = "/api/v1/supplier/documents"


@pytest.mark.skipif(not EXAMPLES.exists(), reason="../shared/data/peppol is not beside this checkout")
def test_the_official_examples_are_there() -> None:
    assert len(PATHS) >= 11
    assert len(ADVICES) == 6


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_official_order_responses_are_read(path: Path) -> None:
    message = read_message(path.read_bytes())
    assert isinstance(message, OrderResponse)
    assert message.code in {"AP", "CA", "RE", "AB"}
    assert message.order
    assert bool(message.lines) is (message.code == "CA")
    assert all(line.status in {"1", "3", "5", "7", "42"} and line.line_id for line in message.lines)


@pytest.mark.parametrize("path", ADVICES, ids=lambda path: path.name)
def test_official_despatch_advices_are_read(path: Path) -> None:
    message = read_message(path.read_bytes())
    assert isinstance(message, DespatchMessage)
    assert message.number
    assert message.expected_on is not None
    assert message.lines
    assert all(line.sku or line.gtin for line in message.lines)


@pytest.mark.skipif(not EXAMPLES.exists(), reason="../shared/data/peppol is not beside this checkout")
def test_an_official_example_says_what_stands_in_it() -> None:
    response = read_message((EXAMPLES / "OrderResponse_Example.xml").read_bytes())
    assert isinstance(response, OrderResponse)
    assert (response.order, response.supplier_reference, response.promised_on) == (
        "11233",
        "101-111",
        date(2013, 7, 16),
    )
    first, second, third = response.lines
    assert (first.sku, first.quantity, first.back_ordered, first.unit_price) == ("SN-33", 10, 3, Decimal("1.50"))
    assert (first.promised_on, first.gtin) == (date(2018, 8, 12), "7400000001234")
    assert (second.status, second.quantity, third.substitute) == ("5", None, "SN-36")
    third_case = read_message(
        (EXAMPLES / "Despatch Advice use cases" / "DespatchAdvice-BIS3_UseCase3.xml").read_bytes()
    )
    assert isinstance(third_case, DespatchMessage)
    assert third_case.sscc == ("340123450000000014", "354123450000000106")


def response(code: str, *lines: str, order: str = "R1-S1", number: str = "RE-1") -> bytes:
    return f"""<OrderResponse xmlns="urn:oasis:names:specification:ubl:schema:xsd:OrderResponse-2"
      xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
      xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"><cbc:ID>{number}</cbc:ID>
      <cbc:SalesOrderID>SO-7</cbc:SalesOrderID><cbc:OrderResponseCode>{code}</cbc:OrderResponseCode>
      <cac:OrderReference><cbc:ID>{order}</cbc:ID></cac:OrderReference>{"".join(lines)}</OrderResponse>""".encode()


def line(sku: str, status: str, inside: str = "") -> str:
    return f"""<cac:OrderLine><cac:LineItem><cbc:ID>{sku}</cbc:ID>
      <cbc:LineStatusCode>{status}</cbc:LineStatusCode>{inside}
      <cac:Item><cbc:Name>x</cbc:Name><cac:SellersItemIdentification><cbc:ID>{sku}</cbc:ID></cac:SellersItemIdentification>
      </cac:Item></cac:LineItem><cac:OrderLineReference><cbc:LineID>1</cbc:LineID></cac:OrderLineReference></cac:OrderLine>"""


def advice(*lines: tuple[str, str], order: str = "R1-S1") -> bytes:
    rows = "".join(
        f"""<cac:DespatchLine><cbc:ID>{at}</cbc:ID>
        <cbc:DeliveredQuantity unitCode="EA">{quantity}</cbc:DeliveredQuantity>
        <cac:Item><cac:SellersItemIdentification><cbc:ID>{sku}</cbc:ID></cac:SellersItemIdentification></cac:Item>
        <cac:Shipment><cbc:ID>NA</cbc:ID><cac:TransportHandlingUnit><cbc:ID>340123450000000017</cbc:ID>
        </cac:TransportHandlingUnit></cac:Shipment></cac:DespatchLine>"""
        for at, (sku, quantity) in enumerate(lines, start=1)
    )
    return f"""<DespatchAdvice xmlns="urn:oasis:names:specification:ubl:schema:xsd:DespatchAdvice-2"
      xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
      xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"><cbc:ID>DA-1</cbc:ID>
      <cac:OrderReference><cbc:ID>{order}</cbc:ID></cac:OrderReference><cac:Shipment><cbc:ID>NA</cbc:ID><cac:Delivery>
      <cac:EstimatedDeliveryPeriod><cbc:EndDate>2026-03-10</cbc:EndDate></cac:EstimatedDeliveryPeriod></cac:Delivery>
      </cac:Shipment>{rows}</DespatchAdvice>""".encode()


def send(desk: Desk, content: bytes, key: str | None = None) -> Any:
    return desk.ask("POST", DOCUMENTS, key or desk.key(), files={"file": ("a.xml", content, "application/xml")})


def confirmed(desk: Desk, session: Session) -> dict[str, int | None]:
    order = get_supplier_order_of(session, desk.speakers["S1"], "R1-S1")
    return {line.sku: line.confirmed_quantity for line in own_lines(session, order.id or 0)}


def test_an_accepted_order_is_acknowledged(desk: Desk) -> None:
    answer = send(desk, response("AP"))
    assert (answer.status_code, answer.json()["status"]) == (200, "acknowledged")
    assert answer.json()["supplier_reference"] == "SO-7"


def test_a_response_that_only_says_received_answers_nothing(desk: Desk) -> None:
    assert send(desk, response("AB")).json()["status"] == "sent"


def test_a_rejected_order_is_refused(desk: Desk) -> None:
    assert send(desk, response("RE")).json()["status"] == "refused"


def test_a_conditional_response_changes_its_lines_alone(desk: Desk, session: Session) -> None:
    changed = line(desk.gloves.sku, "3", '<cbc:Quantity unitCode="EA">9</cbc:Quantity>')
    answer = send(desk, response("CA", changed, line(desk.paper.sku, "7")))
    assert answer.json()["status"] == "partially_acknowledged"
    assert confirmed(desk, session) == {desk.gloves.sku: 9, desk.paper.sku: 0}


def test_a_response_of_one_park_leaves_the_other_parks_units(desk: Desk, session: Session) -> None:
    world = desk.world
    south = world.a_company(park=world.a_park("sud"))
    purchasing_round = world.an_open_round("R2")
    world.an_order(purchasing_round, (desk.paper, 5))
    world.an_order(purchasing_round, (desk.paper, 3), buyer=world.a_buyer(south))
    world.play("R2")
    nowhere = send(desk, response("RE", order="R2-S1"))
    assert nowhere.status_code == 404  # two parks: two documents, each with a number of its own
    answer = send(desk, response("RE", order="R2-S1-sud")).json()
    assert [one["confirmed_quantity"] for one in answer["lines"]] == [5]


def test_a_despatch_advice_sends_goods_off(desk: Desk) -> None:
    answer = send(desk, advice((desk.gloves.sku, "6"), (desk.gloves.sku, "6")))
    assert (answer.status_code, answer.json()["status"]) == (200, "shipped")
    [sent] = answer.json()["despatch_advices"]
    assert (sent["number"], sent["lines"]) == ("DA-1", {desk.gloves.sku: 12})
    assert sent["sscc"] == ["340123450000000017"]


def test_another_suppliers_order_is_not_found(desk: Desk, session: Session) -> None:
    assert send(desk, response("RE"), desk.key("S2")).status_code == 404
    assert send(desk, advice((desk.gloves.sku, "6")), desk.key("S2")).status_code == 404
    assert confirmed(desk, session) == {desk.gloves.sku: None, desk.paper.sku: None}


@pytest.mark.parametrize(
    "content",
    [
        b"no xml",
        b"<a/>",
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
        response("ZZ"),
        response("CA", line("unknown", "5")),
        response("AP", order=""),
        advice(("unknown", "1")),
        advice(),
    ],
)
def test_a_document_that_cannot_be_is_refused(desk: Desk, content: bytes) -> None:
    answer = send(desk, content)
    assert answer.status_code == 422, answer.text


def test_a_fraction_of_a_unit_is_refused(desk: Desk) -> None:
    assert send(desk, advice((desk.gloves.sku, "1.5"))).status_code == 422
    with pytest.raises(InvalidInput):
        read_message(response("CA", line("A", "3", "<cbc:Quantity>NaN</cbc:Quantity>")))


def test_a_document_is_taken_on_the_page_too(desk: Desk, session: Session) -> None:
    speaker = desk.speakers["S1"]
    assert "Peppol Order Response" in desk.site.get("/supplier/orders", speaker).text
    taken = desk.site.post("/supplier/documents", speaker, files={"file": ("a.xml", response("AP"))})
    assert (taken.status_code, taken.headers["location"]) == (303, "/supplier/orders/R1-S1")
    assert set(confirmed(desk, session).values()) == {12, 4}
    refused = desk.site.post("/supplier/documents", speaker, files={"file": ("a.xml", b"no document")})
    assert refused.status_code == 422
    assert "XML" in refused.text
    other = desk.site.post("/supplier/documents", desk.speakers["S2"], files={"file": ("a.xml", response("AP"))})
    assert other.status_code == 422
    assert "There is no such supplier order." in other.text
