"""Words in both languages, and assets that are what their makers published."""

import hashlib
import json
import re

import pytest

from flows.console.app import ASSETS
from flows.console.page import FOLDER
from flows.console.words import CHINESE

SAID = re.compile(r"""\bt\(\s*(["'])(.+?)\1""")
WORDS = {found[2] for page in FOLDER.glob("*.jinja") for found in SAID.finditer(page.read_text("utf-8"))}


def test_every_word_of_the_templates_has_its_chinese():
    assert len(WORDS) > 80
    assert not WORDS - CHINESE.keys()


@pytest.mark.parametrize("page", sorted(FOLDER.glob("*.jinja")), ids=lambda page: page.name)
def test_what_comes_anew_by_itself_does_not_decide_what_its_buttons_show(page):
    text = page.read_text("utf-8")
    assert text.count('hx-select="#live"') == text.count('hx-disinherit="*"') + text.count("hx-push-url")


@pytest.mark.parametrize("english", sorted(CHINESE))
def test_a_translation_keeps_the_blanks_to_fill(english):
    blanks = re.compile(r"{\w+}")
    assert sorted(blanks.findall(english)) == sorted(blanks.findall(CHINESE[english]))


@pytest.mark.parametrize("asset", json.loads((ASSETS / "vendored.json").read_text()), ids=lambda asset: asset["file"])
def test_vendored_assets_are_as_published_and_bring_their_licence(asset):
    assert hashlib.sha256((ASSETS / asset["file"]).read_bytes()).hexdigest() == asset["sha256"]
    assert "Permission to use, copy, modify" in (ASSETS / asset["licence_file"]).read_text()
