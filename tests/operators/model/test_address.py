"""No text shows a password that stood in an address."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.model.address import authority_of, without_password
from tests.tree import ROOT


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mysql://u:PW@h/db", "mysql://u:***@h/db"),
        ("mysql:/u:PW@h/db: no such file", "mysql:/u:***@h/db: no such file"),
        ("redis://:PW@h/0/k", "redis://:***@h/0/k"),
        ("no broker of u:PW@h answered in 30 s", "no broker of u:***@h answered in 30 s"),
        ("a 'kafka://u:P@W/x@h/t' of b", "a 'kafka://u:***@h/t' of b"),
        ("write to alice@example.org: no answer", "write to alice@example.org: no answer"),
        ("http://h:80/x: 10:30", "http://h:80/x: 10:30"),
        ("rules/a.yaml: strategies[0]", "rules/a.yaml: strategies[0]"),
    ],
)
def test_a_password_is_hidden_and_nothing_else(text, shown):
    assert without_password(text) == shown


words = st.text(
    st.characters(max_codepoint=0x2FF, exclude_categories=("C", "Z"), exclude_characters="'\"`"),
    min_size=4,
    max_size=12,
)


@given(words, st.sampled_from(["mysql://", "redis:/", "https://", ""]))
def test_no_password_survives_whatever_is_in_it(password, scheme):
    text = without_password(f"{scheme}user:Q{password}Q@host/db: gone")
    assert f"Q{password}Q" not in text
    assert text.endswith("@host/db: gone")


@pytest.mark.parametrize(
    ("address", "authority"),
    [
        ("https://u:p@Host:8080/x?y", "host:8080"), ("http://h", "h"), ("chat1", ""), ("", ""),
        ("http://[::1", ""), ({"env": "HOOK"}, ""), (None, ""),
    ],
)  # fmt: skip
def test_host_and_port_of_an_address(address, authority):
    assert authority_of(address) == authority


PLACE = "mysql://user:geheim@host/db"
COMMANDS = [
    ("rules", "check", PLACE),
    ("rules", "check", PLACE, "--json"),
    ("rules", "test", PLACE),
    ("rules", "export", PLACE, "there"),
    ("rules", "import", "there", PLACE),
    ("run", "--rules", PLACE, "--input", "README.md", "--data", "/nowhere/data"),
    ("replay", "--rules", PLACE, "--input", PLACE, "--out", "/nowhere/out"),
    ("oncall", "--rules", PLACE),
    ("shield", "list", "--rules", PLACE),
    ("alerts", "list", "--store", PLACE),
    ("courier", "--rules", PLACE, "--store", PLACE, "--outbox", PLACE),
    ("outbox", "list", "--outbox", PLACE),
    ("savepoint", "show", PLACE),
]


@pytest.mark.slow
@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words[:2]))
def test_no_command_repeats_a_password_it_was_given(words):
    command = [sys.executable, "-c", "from flows.cli import main; main()", *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120, check=False)
    assert done.returncode != 0
    assert "geheim" not in done.stdout + done.stderr
