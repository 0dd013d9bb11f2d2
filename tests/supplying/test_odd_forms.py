"""Forms that no page of ours sends: columns of unequal lengths, digits of other scripts, months that are none."""

import pytest

from app.accounts.permissions import Role
from app.core.errors import InvalidInput
from app.web.forms import rows_of, typed_whole
from tests.factories import World
from tests.site import Site
from tests.supplying.desk import Desk

UNEVEN = {"sku": ["A", "B"], "quantity": ["1"], "stock": ["1"], "unit_price": [""], "promised_on": [""], "reason": [""]}


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/supplier/orders/R1-S1/answer", {"what": "change"}),
        ("/supplier/orders/R1-S1/despatch-advices", {"advice": "BL", "park": "nord", "expected_on": "2026-03-10"}),
        ("/supplier/orders/R1-S1/invoices", {"invoice": "FA"}),
        ("/supplier/catalogue/stock", {}),
    ],
)
def test_uneven_rows_are_refused(desk: Desk, path: str, more: dict[str, str]) -> None:
    answer = desk.site.post(path, desk.speakers["S1"], data=UNEVEN | more)
    assert answer.status_code == 422
    assert "The rows of this form are not whole" in answer.text


@pytest.mark.parametrize("typed", ["²", "٣", "-1", "1.5", "9" * 10, "1e3", "x"])
def test_what_is_no_whole_number_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput):
        typed_whole(typed, "packs")


def test_whole_numbers_and_rows() -> None:
    assert [typed_whole(typed, "packs") for typed in ("", " 7 ", "0")] == [None, 7, 0]
    assert rows_of(["a", "b"], ["1", "2"]) == [("a", "1"), ("b", "2")]


def test_a_month_that_is_none_is_refused(world: World, site: Site) -> None:
    approver = world.an_actor(Role.APPROVER, company=world.a_company())
    for month in ("2026-13", "0000-01", "٢٠٢٦-01"):
        answer = site.post("/company/budgets", approver, data={"month": month, "amount": "5"})
        assert answer.status_code == 422
