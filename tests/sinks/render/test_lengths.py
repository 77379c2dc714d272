import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.render.lengths import clip, cut, cut_html, fit, measure

ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=200)


@pytest.mark.parametrize(
    ("text", "limit", "chars", "expected"),
    [
        ("abcdefghij", 11, False, "abcdefghij"),
        ("abcdefghij", 10, False, "abcdefghij"),
        ("abcdefghij", 9, False, "abcdef..."),
        ("abcdefghij", 3, False, "..."),
        ("abcdefghij", 2, False, ".."),
        ("abcdefghij", 0, False, ""),
        ("日本語日本語", 18, False, "日本語日本語"),
        ("日本語日本語", 17, False, "日本..."),
        ("日本語日本語", 15, False, "日本..."),
        ("日本語日本語", 14, False, "日..."),
        ("日本語日本語", 6, True, "日本語日本語"),
        ("日本語日本語", 5, True, "日本..."),
        ("😀😀😀😀😀", 16, False, "😀..."),
        ("😀😀😀😀😀", 4, True, "😀..."),
    ],
)
def test_a_cut_text_keeps_to_its_limit_and_ends_in_three_dots(text, limit, chars, expected):
    assert cut(text, limit, chars=chars) == expected


@given(ANY_TEXT, st.integers(0, 250), st.booleans())
def test_a_cut_never_exceeds_its_limit_nor_splits_a_character(text, limit, chars):
    made = cut(text, limit, chars=chars)
    assert measure(made, chars=chars) <= limit or made == text
    assert measure(made, chars=chars) <= max(limit, 0)
    made.encode()
    assert text.startswith(clip(text, limit, chars=chars))


@given(st.text("ab<>/&; 日", max_size=80), st.integers(0, 60))
def test_cut_html_keeps_to_its_limit(text, limit):
    assert measure(cut_html(text, limit, chars=False), chars=False) <= limit


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (60, "<table><tr><td>name</td><td>value</td></tr></table>"),
        (50, "<table><tr><td>name</td><td>v...</td></tr></table>"),
        (40, "<table><tr><td>name...</td></tr></table>"),
        (39, "<table><tr><td>nam...</td></tr></table>"),
        (5, "..."),
    ],
)
def test_html_is_cut_between_tags_and_closed_again(limit, expected):
    assert cut_html("<table><tr><td>name</td><td>value</td></tr></table>", limit, chars=False) == expected


def test_html_is_not_cut_inside_an_entity():
    assert cut_html("<b>a &amp; b</b>" * 3, 13, chars=False) == "<b>a ...</b>"


@pytest.mark.parametrize("limit", [30, 25, 21, 20, 14, 10, 4])
def test_the_user_part_gives_way_before_the_frame(limit):
    made = fit("u" * 40, lambda user: f"HEAD\n{user}\nFOOT", limit, chars=False)
    assert measure(made, chars=False) <= limit
    assert made.startswith("H")
    assert "..." in made or made == "HEAD\n\nFOOT"
    if limit >= 20:
        assert made.endswith("...\nFOOT")


def test_the_user_part_is_cut_to_what_the_frame_its_newlines_and_tabs_leave():
    user = "a\tb\n" + "u" * 40
    made = fit(user, lambda part: f"HEAD\n{part}", 30, chars=False)
    assert made == f"HEAD\n{user[: 30 - 5 - 1 - 1 - 1][:-3]}..."


def test_no_limit_is_no_cut():
    assert fit("u" * 100000, lambda part: part, 0, chars=False) == "u" * 100000
