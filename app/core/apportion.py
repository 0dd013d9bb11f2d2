"""Sharing a whole number of units in proportion, exactly: the largest-remainder (Hamilton) method."""

from collections.abc import Sequence
from typing import Any


def apportion(total: int, weights: Sequence[int], tie_keys: Sequence[Any]) -> list[int]:
    """Share `total` units over `weights` (not negative, at least one positive) so that the parts sum to it.

    Each part is `total * weight / sum(weights)` rounded down; the units left go to the largest remainders.
    Ties break on the larger weight, then on the smaller of `tie_keys` (any comparable values, all different).
    With `total <= sum(weights)` no part is above its weight. Source: Hamilton's method, as DOMAIN.md has it.
    """
    weight_sum = sum(weights)
    if weight_sum <= 0:
        raise ValueError("apportion needs a positive weight")
    parts = []
    remainders = []
    for weight in weights:
        part, remainder = divmod(total * weight, weight_sum)
        parts.append(part)
        remainders.append(remainder)
    left = total - sum(parts)
    if left:
        ranked = sorted(range(len(weights)), key=lambda i: (-remainders[i], -weights[i], tie_keys[i]))
        for i in ranked[:left]:
            parts[i] += 1
    return parts
