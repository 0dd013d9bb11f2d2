"""Numbers of invoices are found in the words of payments, however people and banks write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.billing.payments.payment_references import InvoiceKey, invoices_named, key_of

KNOWN = {key_of(one): one for one in ("VOSGES-2026-000001", "VOSGES-2026-000002", "RHINSECU-2026-000019",
                                      "A-B.C-2026-000007", "COM-2026-123456")}  # fmt: skip


def found(words: str) -> list[str]:
    """The known invoices that words name."""
    places = (next((KNOWN[key] for key in place if key in KNOWN), None) for place in invoices_named(words))
    return list(dict.fromkeys(one for one in places if one))


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("FACT-RHINSECU-2026-000019", ["RHINSECU-2026-000019"]),
        ("Facture_RHINSECU-2026-000019", ["RHINSECU-2026-000019"]),
        ("FACTURERHINSECU-2026-19", ["RHINSECU-2026-000019"]),
        ("facture n°rhinsecu-2026-0000019 merci", ["RHINSECU-2026-000019"]),
        ("RHINSECU 2026 000019", ["RHINSECU-2026-000019"]),
        ("RHINSECU2026000019", ["RHINSECU-2026-000019"]),
        ("RHINSECU-2026-00 0019", ["RHINSECU-2026-000019"]),
        ("COM-2026-123 456", ["COM-2026-123456"]),
        ("VOSGES-2026-000001-VOSGES-2026-000002", ["VOSGES-2026-000001", "VOSGES-2026-000002"]),
        ("VOSGES-2026-000002/VOSGES-2026-000001", ["VOSGES-2026-000002", "VOSGES-2026-000001"]),
        ("fact. vosges-2026-000001, VOSGES-2026-000002 et vosges-2026-000001",
         ["VOSGES-2026-000001", "VOSGES-2026-000002"]),
        ("VIR SEPA 20261119 VOSGES-2026-000001", ["VOSGES-2026-000001"]),
        ("A-B.C-2026-7", ["A-B.C-2026-000007"]),
        ("A B C 2026 000007", ["A-B.C-2026-000007"]),
        ("VOSGES-2026-000003", []),
        ("XVOSGES-2026-000001", []),
        ("acompte du 26/11/2026", []),
        ("VOSGES-12026-000001", []),
        ("VOSGES-2026-0000000000000001", []),
        ("", []),
    ],
)  # fmt: skip
def test_the_invoices_that_words_name_are_found(words: str, numbers: list[str]) -> None:
    assert found(words) == numbers


series = st.from_regex(r"[A-Z][A-Z0-9]{0,9}(?:[-._][A-Z0-9]{1,6})?", fullmatch=True)


@given(
    series, st.integers(2020, 2099), st.integers(1, 999_999), st.sampled_from(["", "Facture ", "FACT-", "n° ", "réf_"])
)
def test_whatever_a_supplier_is_called_its_numbers_are_found(name: str, year: int, sequence: int, before: str) -> None:
    number = f"{name}-{year}-{sequence:06d}"
    (place,) = [one for one in invoices_named(before + number.lower()) if key_of(number) in one]
    assert key_of(number) == InvoiceKey("".join(c for c in name if c.isalnum()), year, sequence)
    assert place[-1].year == year


@given(st.text(max_size=200))
def test_no_words_stop_an_import(words: str) -> None:
    for place in invoices_named(words):
        assert place
        assert all(key.series and 0 < key.sequence < 10**9 for key in place)
