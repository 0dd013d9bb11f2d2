"""The life of a thing as one table of transitions: code, database, documentation and tests read the same one. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

State = TypeVar("State", bound=StrEnum)
Event = TypeVar("Event", bound=StrEnum)
CLOCK = "clock"  # among those who may: it happens by itself, at its hour or with what it depends on
CHECK = "check_transition"  # the trigger's function in the database


@dataclass(frozen=True, slots=True)
class Transition(Generic[State, Event]):
    """An event: states in which it may happen, those it may lead to from there, and who may cause it.

    `after` holds several where what happened decides between them; empty where the state stays as it is. `who` names
    permissions (or `CLOCK`).
    """

    event: Event
    before: tuple[State, ...]
    after: tuple[State, ...]
    who: tuple[str, ...]


@dataclass(frozen=True)
class Life(Generic[State, Event]):
    """All transitions of a thing kept in a column of a table; it begins in one of `first`.

    An event has several rows where it leads elsewhere from some states.
    """

    name: str
    table: str
    states: type[State]
    first: tuple[State, ...]
    transitions: Sequence[Transition[State, Event]]
    column: str = "status"

    def __post_init__(self) -> None:
        rows = [(row.event, before) for row in self.transitions for before in row.before]
        if len(set(rows)) != len(rows):
            raise ValueError(f"an event of {self.name} has two rows for a state")

    def before(self, event: Event) -> tuple[State, ...]:
        """The states in which an event may happen."""
        return tuple(state for row in self.transitions if row.event is event for state in row.before)

    def outcomes(self, event: Event, state: State) -> tuple[State, ...] | None:
        """The states that an event may lead to from one, that one itself included where it may stay; None: it may not
        happen."""
        for row in self.transitions:
            if row.event is event and state in row.before:
                return row.after or (state,)
        return None

    def allows(self, event: Event, state: State) -> bool:
        """Whether an event may happen in a state."""
        return self.outcomes(event, state) is not None

    def after(self, event: Event, state: State, outcome: State | None = None) -> State:
        """The state that an event leads to; `outcome` chooses where there are several. Raises `ValueError` for none."""
        outcomes = self.outcomes(event, state) or ()
        reached = outcomes[0] if outcome is None and len(outcomes) == 1 else outcome
        if reached is None or reached not in outcomes:
            raise ValueError(f"{self.name}: {event} does not lead from {state} to {reached}")
        return reached

    def moves(self) -> frozenset[tuple[State, State]]:
        """Every change of state that some event makes."""
        return frozenset(
            (before, after)
            for transition in self.transitions
            for before in transition.before
            for after in transition.after
            if before is not after
        )

    def trigger(self) -> str:
        """The statement that lets the database refuse every other change; `CHECK` is its function."""
        moves = ", ".join(f"'{before}>{after}'" for before, after in sorted(self.moves()))
        return (
            f"CREATE TRIGGER {self.table}_life BEFORE UPDATE OF {self.column} ON {self.table} FOR EACH ROW"
            f" WHEN (OLD.{self.column} IS DISTINCT FROM NEW.{self.column})"
            f" EXECUTE FUNCTION {CHECK}('{self.column}', {moves})"
        )

    def as_markdown(self) -> str:
        """The table for people, and as a diagram (Mermaid)."""
        rows = [
            f"| `{t.event}` | {_words(t.before)} | {_words(t.after) or 'unchanged'} | {', '.join(t.who)} |"
            for t in self.transitions
        ]
        arrows = [f"    {before} --> {after}" for before, after in sorted(self.moves())]
        first = [f"    [*] --> {state}" for state in self.first]
        return "\n".join(
            (
                f"## {self.name}\n",
                "| event | in | leads to | who |\n| --- | --- | --- | --- |",
                *rows,
                "\n```mermaid\nstateDiagram-v2",
                *first,
                *arrows,
                "```\n",
            )
        )


def _words(states: Iterable[StrEnum]) -> str:
    return ", ".join(f"`{state}`" for state in states)
