"""A supplier's catalogue: files whole or as a difference, stock and prices in bulk, evidence for the charter."""

from collections.abc import Iterator
from contextlib import nullcontext
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session, select

import app.catalog.tasks  # noqa: F401 - registers what files are taken
from app.catalog import import_runs
from app.catalog.models import Offer, Product, Supplier
from app.core import clock
from app.orders.consolidation.draft import consolidate_round
from app.sourcing.charter.evidence import trust_of
from app.sourcing.charter.models import Evidence
from tests.supplying.desk import Desk

OFFERS = "/api/v1/supplier/offers"
CATALOGUE = "/api/v1/supplier/catalogue"
EVIDENCE = "/api/v1/supplier/evidence"
HEADER = "sku,product_ref,name,category,pack_size,price_tiers\n"


@pytest.fixture
def catalogue(desk: Desk, session: Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """S1 offers GLOVES at 10.00 and PAPER at 4.00; imports run in the test's own transaction."""
    desk.gloves.sku, desk.paper.sku = "GLOVES", "PAPER"
    session.flush()
    monkeypatch.setattr(import_runs, "transaction", lambda: nullcontext(session))
    yield desk


def upload(desk: Desk, content: str, **options: str) -> dict[str, Any]:
    """Send a file, do its job, and ask for the report."""
    key = desk.key()
    sent = desk.ask("POST", CATALOGUE, key, files={"file": ("offers.csv", content)}, data=options)
    assert sent.status_code == 202, sent.text
    where = sent.headers["location"]
    assert desk.ask("GET", where, key).json()["status"] == "queued"
    import_runs.carry_out(sent.json()["id"])
    desk.world.session.flush()
    report: dict[str, Any] = desk.ask("GET", where, key).json()
    return report


def offer(session: Session, sku: str) -> Offer:
    session.expire_all()
    return session.exec(select(Offer).where(Offer.sku == sku)).one()


def test_a_difference_adds_and_changes_and_leaves_the_rest(catalogue: Desk, session: Session) -> None:
    run = upload(catalogue, HEADER + "GLOVES,P-G,Gants,Protection,6,1:9.50\nTAPE,P-T,Ruban,Papeterie,1,1:2.00\n")
    assert (run["status"], run["report"]["new_count"], run["report"]["changed_count"]) == ("done", 1, 1)
    assert offer(session, "GLOVES").tier_prices == [Decimal("9.5000")]
    assert offer(session, "TAPE").supplier_id == offer(session, "GLOVES").supplier_id
    assert offer(session, "PAPER").withdrawn_at is None


def test_a_whole_catalogue_withdraws_what_it_leaves_out(catalogue: Desk, session: Session) -> None:
    run = upload(catalogue, HEADER + "GLOVES,P-G,Gants,Protection,6,1:9.50\n", whole="true")
    assert run["report"]["gone_count"] == 1
    assert offer(session, "PAPER").withdrawn_at is not None
    others = session.exec(
        select(Offer.withdrawn_at).join(Supplier).where(Supplier.code == "S2", Offer.supplier_id == Supplier.id)
    ).all()
    assert others == [None]


def test_a_price_that_jumps_up_is_left_to_the_association(catalogue: Desk, session: Session) -> None:
    rows = HEADER + "GLOVES,P-G,Gants,Protection,6,1:12.01\nPAPER,P-P,Papier,Papeterie,1,1:4.10\n"
    refused = upload(catalogue, rows)
    assert refused["status"] == "refused"
    assert [(bad["line"], bad["column"]) for bad in refused["bad_cells"]] == [(2, "price_tiers")]
    assert offer(session, "PAPER").tier_prices == [Decimal("4.0000")]
    done = upload(catalogue, rows, skip_bad_rows="true")
    assert done["report"]["skipped_count"] == 1
    assert offer(session, "PAPER").tier_prices == [Decimal("4.1000")]
    assert offer(session, "GLOVES").tier_prices == [Decimal("10.0000")]


def test_products_that_others_offer_too_keep_their_words(catalogue: Desk, session: Session) -> None:
    second = session.exec(select(Supplier).where(Supplier.code == "S2")).one()
    shared = session.exec(select(Product).join(Offer).where(Offer.supplier_id == second.id)).one()
    ref, name = shared.ref, shared.name
    upload(catalogue, HEADER + f"MINE,{ref},Mot de passe volé,Protection,1,1:2.00\n")
    session.expire_all()
    assert session.exec(select(Product.name).where(Product.ref == ref)).one() == name
    assert offer(session, "MINE").name == "Mot de passe volé"
    assert offer(session, "MINE").product_id == shared.id


def test_a_dry_run_changes_nothing(catalogue: Desk, session: Session) -> None:
    run = upload(catalogue, HEADER + "GLOVES,P-G,Gants,Protection,6,1:9.50\n", dry_run="true")
    assert run["report"]["changed_count"] == 1
    assert offer(session, "GLOVES").tier_prices == [Decimal("10.0000")]


def test_another_supplier_finds_no_upload(catalogue: Desk) -> None:
    sent = catalogue.ask("POST", CATALOGUE, catalogue.key(), files={"file": ("o.csv", HEADER)})
    assert catalogue.ask("GET", sent.headers["location"], catalogue.key("S2")).status_code == 404


def test_stock_and_prices_change_in_bulk_all_or_none(catalogue: Desk, session: Session) -> None:
    key = catalogue.key()
    items = [
        {"sku": "GLOVES", "stock": 120, "price_tiers": [{"from_quantity": 1, "unit_price": "9.9"},
                                                        {"from_quantity": 50, "unit_price": "8.75"}]},
        {"sku": "PAPER", "withdrawn": True},
    ]  # fmt: skip
    answer = catalogue.ask("PATCH", OFFERS, key, json={"items": items})
    assert (answer.status_code, answer.json()) == (200, {"changed": 2})
    gloves = offer(session, "GLOVES")
    assert (gloves.stock, gloves.stock_at) == (120, clock.now())
    assert (gloves.tier_quantities, gloves.tier_prices) == ([1, 50], [Decimal("9.9000"), Decimal("8.7500")])
    assert offer(session, "PAPER").withdrawn_at is not None
    listed = catalogue.ask("GET", OFFERS, key, params={"q": "glo"}).json()["items"]
    assert [(one["sku"], one["stock"]) for one in listed] == [("GLOVES", 120)]
    broken = catalogue.ask("PATCH", OFFERS, key, json={"items": [{"sku": "GLOVES", "stock": 1}, {"sku": "X"}]})
    assert (broken.status_code, broken.json()["code"]) == (422, "unknown_sku")
    assert offer(session, "GLOVES").stock == 120
    again = catalogue.ask("PATCH", OFFERS, key, json={"items": [{"sku": "PAPER", "withdrawn": True}]})
    assert again.json() == {"changed": 0}


@pytest.mark.parametrize(
    ("items", "code"),
    [
        ([{"sku": "GLOVES", "stock": 1}, {"sku": "GLOVES", "stock": 2}], "sku_twice"),
        ([{"sku": "GLOVES", "price_tiers": [{"from_quantity": 5, "unit_price": "1"}] * 2}], "tiers_not_rising"),
        ([{"sku": "GLOVES", "price_tiers": [{"from_quantity": 1, "unit_price": "12.01"}]}], "price_rises_too_much"),
    ],
)
def test_changes_that_cannot_be_are_refused(catalogue: Desk, items: list[dict[str, Any]], code: str) -> None:
    answer = catalogue.ask("PATCH", OFFERS, catalogue.key(), json={"items": items})
    assert (answer.status_code, answer.json()["code"]) == (422, code)


@pytest.mark.parametrize(
    ("tiers", "refused"),
    [
        ([(1, "10.00"), (24, "9.00")], True),  # the second price begins later
        ([(1, "10.00"), (12, "9.10")], True),
        ([(1, "9.90"), (12, "9.00")], False),
        ([(1, "10.00"), (6, "9.00")], False),
    ],
)
def test_no_tier_rises_while_members_want_the_offer_in_an_open_round(
    catalogue: Desk, session: Session, tiers: list[tuple[int, str]], refused: bool
) -> None:
    gloves = offer(session, "GLOVES")
    gloves.tier_quantities, gloves.tier_prices = [1, 12], [Decimal(10), Decimal(9)]
    change = [{"from_quantity": quantity, "unit_price": price} for quantity, price in tiers]
    items = {"items": [{"sku": "GLOVES", "price_tiers": change}]}
    line = "GLOVES,P-G,Gants,Protection,6," + "|".join(f"{quantity}:{price}" for quantity, price in tiers)
    catalogue.world.an_order(catalogue.world.an_open_round("R2"), (gloves, 6))
    answer = catalogue.ask("PATCH", OFFERS, catalogue.key(), json=items)
    run = upload(catalogue, HEADER + line, skip_bad_rows="true")
    if refused:
        assert (answer.status_code, answer.json()["code"]) == (422, "price_rises_in_open_round")
        (cell,) = run["report"]["bad_cells"]
        assert (cell["column"], "open round" in cell["cure"]) == ("price_tiers", True)
        catalogue.world.play("R2")  # sent: it may rise for the next round
        assert catalogue.ask("PATCH", OFFERS, catalogue.key(), json=items).json() == {"changed": 1}
    else:
        assert (answer.json(), run["report"]["bad_cells"]) == ({"changed": 1}, [])


def test_a_withdrawn_offer_that_members_want_is_an_alert(catalogue: Desk, session: Session) -> None:
    world, manager = catalogue.world, catalogue.world.a_manager()
    world.an_order(world.an_open_round("R2"), (offer(session, "GLOVES"), 6))
    alert = "Withdrawn, though members want it"
    assert alert not in catalogue.site.get("/cockpit", manager).text
    withdrawn = {"items": [{"sku": "GLOVES", "withdrawn": True}]}
    assert catalogue.ask("PATCH", OFFERS, catalogue.key(), json=withdrawn).json() == {"changed": 1}
    for path in ("/cockpit", "/rounds/R2"):
        page = catalogue.site.get(path, manager).text
        assert alert in page
    file = catalogue.site.get("/cockpit?form=csv&table=withdrawn", manager)
    assert "GLOVES" not in file.text
    assert offer(session, "GLOVES").name in file.text
    world.play("R2", until=consolidate_round)
    assert "ask whether they still come" in catalogue.site.get("/rounds/R2/consolidation", manager).text


def test_the_offers_of_another_are_neither_seen_nor_changed(catalogue: Desk, session: Session) -> None:
    stranger = catalogue.key("S2")
    assert "GLOVES" not in catalogue.ask("GET", OFFERS, stranger).text
    refused = catalogue.ask("PATCH", OFFERS, stranger, json={"items": [{"sku": "GLOVES", "stock": 0}]})
    assert refused.json()["code"] == "unknown_sku"
    assert offer(session, "GLOVES").stock is None
    narrow = catalogue.key("S1", "orders:read", "orders:write")
    assert catalogue.ask("GET", OFFERS, narrow).json()["code"] == "insufficient_scope"


def test_stock_is_typed_on_the_page_and_seen_by_buyers(catalogue: Desk, session: Session) -> None:
    speaker = catalogue.speakers["S1"]
    form = {"sku": ["GLOVES", "PAPER"], "stock": ["7", ""]}
    assert catalogue.site.post("/supplier/catalogue/stock", speaker, data=form).status_code == 303
    gloves = offer(session, "GLOVES")
    assert (gloves.stock, offer(session, "PAPER").stock) == (7, None)
    assert "7 in stock" in catalogue.site.get(f"/products/{gloves.product_id}", catalogue.world.a_buyer()).text
    wrong = catalogue.site.post("/supplier/catalogue/stock", speaker, data={"sku": "GLOVES", "stock": "many"})
    assert wrong.status_code == 422
    files = {"file": ("o.csv", HEADER)}
    sent = catalogue.site.post("/supplier/catalogue", speaker, files=files, data={"dry_run": "true"})
    assert catalogue.site.get(sent.headers["location"], speaker).status_code == 200
    table = catalogue.site.get("/supplier/catalogue?form=csv", speaker).text
    assert "GLOVES" in table


def test_evidence_is_believed_by_what_it_rests_on() -> None:
    today = clock.today()
    assert trust_of("submitted", False, None, today) == "declared"
    assert trust_of("submitted", True, today, today) == "documented"
    assert trust_of("verified", False, None, today) == "verified"
    assert trust_of("verified", True, today.replace(year=today.year - 1), today) == "expired"
    assert trust_of("refused", True, None, today) == "expired"


def test_evidence_is_shown_by_the_api_and_taken_back(catalogue: Desk, session: Session) -> None:
    key = catalogue.key()
    of_us = catalogue.ask("POST", EVIDENCE, key, data={"criterion": "code_of_conduct", "words": "ILO"})
    assert (of_us.status_code, of_us.json()["trust"]) == (201, "declared")
    form = {"criterion": "ecolabel", "sku": "PAPER", "expires_on": "2027-01-31"}
    shown = catalogue.ask("POST", EVIDENCE, key, data=form, files={"file": ("label.png", b"\x89PNG...")})
    assert (shown.json()["trust"], shown.json()["file_name"]) == ("documented", "label.png")
    where = f"{EVIDENCE}/{shown.json()['id']}"
    assert catalogue.ask("GET", f"{where}/file", key).content == b"\x89PNG..."
    stranger = catalogue.key("S2")
    assert catalogue.ask("GET", f"{where}/file", stranger).status_code == 404
    assert catalogue.ask("DELETE", where, stranger).status_code == 404
    assert catalogue.ask("DELETE", where, key).status_code == 204
    assert catalogue.ask("GET", f"{where}/file", key).status_code == 404
    assert [one["criterion"] for one in catalogue.ask("GET", EVIDENCE, key).json()["items"]] == ["code_of_conduct"]
    assert len(session.exec(select(Evidence)).all()) == 2


@pytest.mark.parametrize(
    "form",
    [
        {"criterion": "kindness"},
        {"criterion": "code_of_conduct", "sku": "PAPER"},
        {"criterion": "ecolabel"},
        {"criterion": "ecolabel", "sku": "unknown"},
        {"criterion": "code_of_conduct", "expires_on": "2020-01-01"},
    ],
)
def test_evidence_that_shows_nothing_is_refused(catalogue: Desk, form: dict[str, str]) -> None:
    assert catalogue.ask("POST", EVIDENCE, catalogue.key(), data=form).status_code == 422
    page = catalogue.site.post("/supplier/charter", catalogue.speakers["S1"], data=form)
    assert page.status_code == 422


def test_evidence_is_shown_on_the_page(catalogue: Desk) -> None:
    speaker = catalogue.speakers["S1"]
    files = {"file": ("audit.pdf", b"%PDF-1.7 audit", "application/pdf")}
    sent = catalogue.site.post("/supplier/charter", speaker, data={"criterion": "social_audit"}, files=files)
    assert sent.status_code == 303
    page = catalogue.site.get("/supplier/charter", speaker).text
    assert "audit.pdf" in page
    assert "documented" in page
    wrong = catalogue.site.post(
        "/supplier/charter", speaker, data={"criterion": "social_audit"}, files={"file": ("a.exe", b"MZ")}
    )
    assert wrong.status_code == 422
