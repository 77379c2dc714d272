import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.render.escapes import clean, escape_html, escape_line, escape_markdown, escape_text, one_line, restore
from sinks.render.link import harmless_link


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x00b\x1bc\x7f\x85", "abc"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("\u202eevil\u202c \u2066x\u2069", "evil x"),
        ("שלום مرحبا", "שלום مرحبا"),
        ("half \ud83d pair", "half  pair"),
        ("line\u2028sep", "linesep"),
        ("👨‍👩‍👧 é", "👨‍👩‍👧 é"),
    ],
)
def test_what_no_reader_sees_is_taken_out(text, expected):
    assert clean(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("a & b", "a &amp; b"),
        ('" onload="x', "&#34; onload=&#34;x"),
        ("two\nlines", "two<br>lines"),
        ("#title#", "#title#"),
    ],
)
def test_html_escapes_markup_in_values(text, expected):
    assert restore(escape_html(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**bold**", r"\*\*bold\*\*"),
        ("`code`", r"\`code\`"),
        ("back\\slash", r"back\\slash"),
        ("snake_case_name", "snake_case_name"),
        ("an _emphasis_ here", r"an \_emphasis\_ here"),
        ("[click](http://evil)", r"[click]\(http://evil)"),
        ("[note]: http://evil", r"\[note]: http://evil"),
        ("[no data] CPU usage", "[no data] CPU usage"),
        ("load < 5 <6", "load < 5 &lt;6"),
        ("~/bin ~5", "~/bin ~5"),
        ("<@all> <at id=all></at>", "&lt;@all> &lt;at id=all>&lt;/at>"),
        ("<!channel>", "&lt;!channel>"),
        ("~~gone~~", r"\~\~gone\~\~"),
        ("# heading", r"\# heading"),
        ("> quote", r"\> quote"),
        ("- item", r"\- item"),
        ("-5.2", "-5.2"),
        ("a\n# b\n\n> c", "a # b > c"),
    ],
)
def test_markdown_in_values_means_only_itself(text, expected):
    assert restore(escape_markdown(text)) == expected


def test_further_lines_of_a_value_are_indented_in_plain_text():
    assert restore(escape_text("first\nLevel: Remind")) == "first\n  Level: Remind"


@pytest.mark.parametrize("escape", [escape_text, escape_line, escape_html, escape_markdown])
@given(text=st.text(max_size=60))
def test_no_value_holds_a_row_mark_before_rows_are_made(escape, text):
    assert "#" not in escape(text)


@given(st.text(max_size=60))
def test_one_line_is_one_line(text):
    assert "\n" not in one_line(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://x.example/a?b=c&d=e", "https://x.example/a?b=c&d=e"),
        ("  http://x.example/ ", "http://x.example/"),
        ('https://x.example/"><script>', "https://x.example/%22%3E%3Cscript%3E"),
        ("https://x.example/a) [b](c", "https://x.example/a%29%20%5Bb%5D%28c"),
        ("https://x.example/\nBcc: a", "https://x.example/%0ABcc:%20a"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("https://", ""),
        ("", ""),
        ("https://x.example/" + "a" * 3000, ""),
    ],
)
def test_a_link_is_an_http_address_without_anything_that_could_end_it(text, expected):
    assert harmless_link(text) == expected
