"""TODO app.orders.rounds.sharing_policy."""

from enum import StrEnum


class SharingPolicy(StrEnum):
    """How a shortage or a surplus is shared between the lines of an offer."""

    PROPORTIONAL = "proportional"
    FIRST_COME = "first_come"
