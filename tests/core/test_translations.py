"""Every message of the product is said in French too."""

import ast
import re

from app.core.errors import NotFound
from app.core.i18n import gettext, say, speaking
from tools.messages import KEYWORDS, ROOT, extract, read_french

_PLACE = re.compile(r"%\(\w+\)s|\{\w+\}")


def forms(text: object) -> list[str]:
    return [str(form) for form in (text if isinstance(text, list | tuple) else [text])]


def test_every_message_is_translated() -> None:
    french = {message.id: message.string for message in read_french() if message.id}
    said = {message.id for message in extract() if message.id}
    assert len(said) > 300
    missing = [message for message in said if not french.get(message) or not all(forms(french[message]))]
    assert missing == []


def test_every_kind_of_error_is_read_for_its_message() -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "app").rglob("*.py"))
    kinds = set(re.findall(r"^class (\w+)\(DomainError\)", code, re.MULTILINE))
    assert len(kinds) > 8
    assert kinds - set(KEYWORDS) == {"StaleVersion"}, "StaleVersion says its own message in __init__, which is read"


def test_french_keeps_every_figure_of_its_message() -> None:
    for message in read_french():
        if message.id:
            for form in forms(message.string):
                wanted = set(_PLACE.findall(forms(message.id)[-1]))
                assert set(_PLACE.findall(form)) == wanted, message.id


def test_no_message_is_left_over() -> None:
    said = {message.id for message in extract() if message.id}
    assert [message.id for message in read_french() if message.id and message.id not in said] == []


def test_every_error_fills_in_its_own_message() -> None:
    errors = {"InvalidInput", "Conflict", "NotFound", "NotAllowed", "NotSignedIn", "BudgetExceeded", "TooLarge", "Cure"}
    checked = 0
    for path in (ROOT / "app").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call) or getattr(call.func, "id", "") not in errors or not call.args:
                continue
            message = call.args[0]
            if isinstance(message, ast.Constant) and "{" in str(message.value):
                given = {keyword.arg for keyword in call.keywords} - {"code", "field"}
                assert set(re.findall(r"\{(\w+)\}", str(message.value))) == given, f"{path}: {message.value}"
                checked += 1
    assert checked > 30


def test_nothing_is_translated_to_nothing() -> None:
    with speaking("fr"):
        assert gettext("") == ""
        assert say(NotFound("There is no round {round}.", round="")) == "Il n'y a pas de tournée ."
