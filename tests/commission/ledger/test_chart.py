"""Account numbers stand in the chart, once."""

import ast
import re
from pathlib import Path

import pytest

from app.commission.ledger.chart import Account, label_of

APP = Path(__file__).parents[3] / "app"
NUMBERS = "|".join(account.value for account in Account)
AS_LITERAL = re.compile(rf"(?:^|')(?:{NUMBERS})(?:'|$)")
# Places of the demo have postcodes; the tariffs of nothing else look like accounts.
ELSEWHERE = {"commission/ledger/chart.py"}


def literals_in(source: str) -> list[str]:
    return [
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and AS_LITERAL.search(node.value)
    ]


def test_no_account_number_stands_outside_the_chart() -> None:
    found = {
        str(path.relative_to(APP)): literals
        for path in sorted(APP.rglob("*.py"))
        if path.relative_to(APP).parts[0] != "bench" and str(path.relative_to(APP)) not in ELSEWHERE
        if (literals := literals_in(path.read_text()))
    }
    assert found == {}


def test_the_search_finds_what_it_looks_for() -> None:
    assert literals_in("x = '411'") == ["411"]
    assert literals_in("sql = \"WHERE p.account = '401'\"")


@pytest.mark.parametrize(("number", "label"), [("401", "Fournisseurs"), ("4011", "Fournisseurs"), ("9", "")])
def test_accounts_are_called_as_the_chart_calls_them(number: str, label: str) -> None:
    assert label_of(number) == label


def test_every_account_has_a_name() -> None:
    assert all(account.label for account in Account)
