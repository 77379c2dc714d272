import pytest

from operators.rules.shapes.model import Secret
from sinks.channels.errors import LaterError, RefusedError
from sinks.channels.secrets import MissingSecretError, address_of, addresses, reveal


def test_a_secret_comes_from_the_environment():
    assert reveal(Secret(env="PW"), {"PW": "x"})() == "x"


def test_a_secret_file_is_read_at_each_use_without_blanks_around_it(tmp_path):
    file = tmp_path / "pw"
    file.write_text("old\n")
    secret = reveal(Secret(file=str(file)), {})
    assert secret() == "old"
    file.write_text(" new \n")
    assert secret() == "new"
    file.unlink()
    with pytest.raises(LaterError, match="cannot be read"):
        secret()


@pytest.mark.parametrize(("value", "expected"), [("http://x/", "http://x/"), ("", ""), (None, "")])
def test_what_is_written_out_is_as_written(value, expected):
    assert reveal(value, {})() == expected


def test_a_missing_secret_is_told_by_its_place_only(tmp_path):
    with pytest.raises(MissingSecretError, match="environment variable NOPE is not set"):
        reveal(Secret(env="NOPE"), {})
    with pytest.raises(MissingSecretError, match=r"secret file .* cannot be read"):
        reveal(Secret(file=str(tmp_path / "none")), {})
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(MissingSecretError):
        reveal(Secret(file=str(tmp_path / "bytes")), {})


@pytest.mark.parametrize(
    ("text", "chat", "expected"),
    [
        ("https://one/", "any", "https://one/"),
        ('{"a": "https://a/", "b": "https://b/"}', "b", "https://b/"),
        ('{"a": "https://a/", "*": "https://rest/"}', "c", "https://rest/"),
        ('{"a": "https://a/"}', "c", None),
        ('{"a": 5}', "a", None),
        ("", "a", None),
    ],
)
def test_a_table_names_an_address_for_each_chat(text, chat, expected):
    if expected is None:
        with pytest.raises(RefusedError, match="no address is configured"):
            address_of(addresses(text), chat)
    else:
        assert address_of(addresses(text), chat) == expected


def test_a_broken_table_is_refused_without_repeating_it():
    with pytest.raises(RefusedError) as caught:
        addresses('{"a": "https://h/?key=secret"')
    assert "secret" not in str(caught.value)
