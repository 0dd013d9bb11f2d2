"""Which movements of a statement are known already: by account, day, amount, words and position. Pure.

The bank's reference alone tells nothing, as banks reuse it; but two movements of one day, amount and words that bear
different references are two. So is the second of two that are equal in all.
"""

import hashlib
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from app.billing.payments.movements import Movement

_NO_REFERENCE = frozenset({"", "NONREF", "NOREF", "NONE", "NOTPROVIDED", "NOTAVAILABLE", "0"})


class Fresh(NamedTuple):
    """A movement that is new: what it is known by, and which of those with that it is, from 1."""

    movement: Movement
    identity: str
    position: int


def identity_of(account: str, movement: Movement) -> str:
    """What a movement is known by, whatever encoding it came in: its account, day, amount, and letters and digits."""
    parts = (account, movement.booked_on.isoformat(), str(movement.amount), movement.counterparty, movement.words)
    return hashlib.sha256("|".join((*parts[:3], *map(_letters, parts[3:]))).encode()).hexdigest()


def _letters(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if c.isalnum())


def is_reference(reference: str) -> bool:
    """Whether a bank's reference names one movement, rather than say that there is none."""
    return reference.strip().upper() not in _NO_REFERENCE


def fresh_movements(account: str, movements: Sequence[Movement], known: Mapping[str, Sequence[str]]) -> list[Fresh]:
    """Those of a statement that are not `known`: by what movements are known by, the references of those there are."""
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for at, one in enumerate(movements):
        groups[identity_of(account, one)].append(at)
    found = []
    for identity, places in groups.items():
        references = known.get(identity, ())
        new = _new(places, [movements[at].reference for at in places], references)
        found += [(at, Fresh(movements[at], identity, len(references) + nth)) for nth, at in enumerate(new, start=1)]
    return [one for _at, one in sorted(found, key=lambda pair: pair[0])]


def _new(places: Sequence[int], references: Sequence[str], known: Sequence[str]) -> list[int]:
    """Of movements that are equal otherwise, the places of those that are new: first those of one reference are the
    same, then any where one of both has none."""
    left = Counter(one if is_reference(one) else "" for one in known)
    unmatched = []
    for at, reference in zip(places, references, strict=True):
        named = reference if is_reference(reference) else ""
        if left[named]:
            left[named] -= 1
        else:
            unmatched.append((at, named))
    new = []
    for at, named in unmatched:
        other = "" if named else next((one for one in left if one and left[one]), "")
        if left[other]:
            left[other] -= 1
        else:
            new.append(at)
    return new
