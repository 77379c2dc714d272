import pytest

from sinks.render.media import LINE, MAIL, MARKDOWN, SMS, TEXT, medium_of


@pytest.mark.parametrize(
    ("medium", "text", "expected"),
    [
        (TEXT, "#Host#web-1", "Host: web-1"),
        (TEXT, "#Host# web-1 ", "Host: web-1"),
        (TEXT, "#Host#", "Host:"),
        (TEXT, "##only content", "only content"),
        (TEXT, "##", ""),
        (TEXT, "#a#b#c", "a: b#c"),
        (TEXT, " #a#b", " #a#b"),
        (TEXT, "# not a row", "# not a row"),
        (TEXT, "one\n\n \ntwo", "one\ntwo"),
        (SMS, "#a#b\n\n#c#d", "a: b\nc: d"),
        (LINE, "#a#b", "a: b"),
        (MARKDOWN, "#Host#web-1", "**Host**: web-1"),
        (MARKDOWN, "##content", "content"),
        (MARKDOWN, "one\n\ntwo", "one\n\ntwo"),
        (MARKDOWN, "\n\none\n\n\n\ntwo\n", "one\n\ntwo"),
        (MARKDOWN, "one\n##\ntwo", "one\ntwo"),
    ],
)
def test_rows_look_as_their_medium_wants_them(medium, text, expected):
    assert medium.rows(text) == expected


def test_a_row_of_a_mail_is_a_row_of_two_cells():
    made = MAIL.rows("#Host#web-1")
    assert made.startswith("<tr><td")
    assert made.count("<td") == 2
    assert ">Host</td>" in made
    assert ">web-1</td></tr>" in made


def test_free_lines_of_a_mail_share_one_cell():
    made = MAIL.rows("Dear all,\nlook:\n#Host#web-1\nBye")
    assert made.count("<tr>") == 3
    assert "Dear all,<br>look:" in made
    assert made.endswith("Bye</td></tr>")


@pytest.mark.parametrize(
    ("way", "medium"),
    [
        ("mail", MAIL),
        ("sms", SMS),
        ("voice", LINE),
        ("wxwork-bot", MARKDOWN),
        ("dingtalk", MARKDOWN),
        ("feishu", MARKDOWN),
        ("slack", MARKDOWN),
        ("weixin", TEXT),
        ("rtx", TEXT),
        ("webhook", TEXT),
    ],
)
def test_every_way_has_its_medium(way, medium):
    assert medium_of(way) is medium
