import string

import pytest

from sinks.render.words import Words, suffixes, words


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ()),
        ("zh", ("zh",)),
        ("zh-CN", ("zh_cn", "zh")),
        ("zh_Hans", ("zh_hans", "zh")),
        ("en-GB", ("en_gb",)),
        ("", ()),
    ],
)
def test_a_language_names_its_files_narrowest_first(language, expected):
    assert suffixes(language) == expected


@pytest.mark.parametrize(
    ("language", "fatal"),
    [("en", "Fatal"), ("zh", "致命"), ("zh-CN", "致命"), ("ZH_hans", "致命"), ("fr", "Fatal"), ("", "Fatal")],
)
def test_a_language_without_words_of_its_own_is_told_in_english(language, fatal):
    assert words(language).levels[1] == fatal


def test_chinese_has_a_word_for_whatever_english_has():
    english, chinese = words("en"), words("zh")
    for field in Words.__struct_fields__:
        ours, theirs = getattr(english, field), getattr(chinese, field)
        if isinstance(ours, dict):
            assert set(ours) == set(theirs), field


def test_formats_of_both_languages_take_the_same_facts():
    def facts(text):
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}

    english, chinese = words("en"), words("zh")
    for group in ("phrases", "voice", "shield_cycles"):
        for name, text in getattr(english, group).items():
            assert facts(text) == facts(getattr(chinese, group)[name]), name
