"""Sealed bids: two of three codes open them, nothing less, and only where they belong."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sourcing.tenders.seal import WrongCodes, new_seal, open_sealed, seal, unlock

SEAL = new_seal()


@given(st.binary(max_size=5000))
@settings(max_examples=30)
def test_what_was_sealed_comes_out_by_any_two_codes_in_any_order(content: bytes) -> None:
    sealed = seal(SEAL.public_key, content, "tender A supplier 1")
    for pair in permutations(SEAL.codes, 2):
        assert open_sealed(unlock(SEAL.boxes, pair), sealed, "tender A supplier 1") == content


@pytest.mark.parametrize(
    "codes",
    [
        SEAL.codes[:1],
        [SEAL.codes[0], SEAL.codes[0]],
        [SEAL.codes[0], new_seal().codes[0]],
        [SEAL.codes[0], "AAAA-AAAA"],
        [SEAL.codes[0], "not base 32 !"],
        ["", ""],
        SEAL.codes,
    ],
)
def test_one_code_or_a_wrong_one_opens_nothing(codes: list[str]) -> None:
    with pytest.raises(WrongCodes):
        unlock(SEAL.boxes, codes)


def test_codes_are_typed_as_people_type() -> None:
    one, other, _third = SEAL.codes
    assert unlock(SEAL.boxes, [f" {one.lower()} ", other.replace("-", " ")]) == unlock(SEAL.boxes, [one, other])


def test_a_bid_opens_for_its_own_tender_and_supplier_alone() -> None:
    key = unlock(SEAL.boxes, SEAL.codes[:2])
    sealed = seal(SEAL.public_key, b"12.50", "tender A supplier 1")
    touched = sealed[:-1] + bytes([sealed[-1] ^ 1])
    other = new_seal()
    other_key = unlock(other.boxes, other.codes[:2])
    for given_key, content, context in (
        (key, sealed, "tender A supplier 2"), (key, touched, "tender A supplier 1"),
        (other_key, sealed, "tender A supplier 1"),
    ):  # fmt: skip
        with pytest.raises(WrongCodes):
            open_sealed(given_key, content, context)


def test_the_length_of_a_bid_tells_little_and_the_same_bid_looks_otherwise_each_time() -> None:
    sealed = [seal(SEAL.public_key, b"x" * length, "c") for length in (1, 1, 400, 1000)]
    assert len({len(one) for one in sealed}) == 1
    assert len(set(sealed)) == 4
    assert not any(b"x" * 8 in one for one in sealed)
