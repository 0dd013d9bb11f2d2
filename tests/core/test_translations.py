"""Every message of the product is said in French too."""

import re

from tools.messages import extract, read_french

_PLACE = re.compile(r"%\(\w+\)s|\{\w+\}")


def forms(text: object) -> list[str]:
    return [str(form) for form in (text if isinstance(text, list | tuple) else [text])]


def test_every_message_is_translated() -> None:
    french = {message.id: message.string for message in read_french() if message.id}
    said = {message.id for message in extract() if message.id}
    assert len(said) > 300
    missing = [message for message in said if not french.get(message) or not all(forms(french[message]))]
    assert missing == []


def test_french_keeps_every_figure_of_its_message() -> None:
    for message in read_french():
        if message.id:
            for form in forms(message.string):
                wanted = set(_PLACE.findall(forms(message.id)[-1]))
                assert set(_PLACE.findall(form)) == wanted, message.id


def test_no_message_is_left_over() -> None:
    said = {message.id for message in extract() if message.id}
    assert [message.id for message in read_french() if message.id and message.id not in said] == []
