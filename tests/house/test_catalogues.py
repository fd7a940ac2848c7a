"""Both catalogues hold every text of the code, whole, and with the same placeholders."""

from __future__ import annotations

import re

import pytest

from lms.core import catalogue

PLACEHOLDER = re.compile(r"%\((\w+)\)s")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_catalogue_is_in_step_with_the_code_and_complete(language: str) -> None:
    wanted = {message.id for message in catalogue.extract() if message.id}
    held = {message.id: message.string for message in catalogue.load(language) if message.id}
    assert len(wanted) > 100
    assert set(held) == wanted
    lacking = [
        key for key, text in held.items() if not all(text if isinstance(text, tuple | list) else (text,))
    ]
    assert lacking == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_placeholders_are_the_same_in_both_languages(language: str) -> None:
    wrong = []
    for message in catalogue.load(language):
        if not message.id or not isinstance(message.id, str):
            continue
        if set(PLACEHOLDER.findall(message.id)) != set(PLACEHOLDER.findall(str(message.string))):
            wrong.append(message.id)
    assert wrong == []
