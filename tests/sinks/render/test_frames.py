import pytest

from sinks.render.frames import Frames, candidates


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            ("abnormal", "action", "sms", "content", "en"),
            ["abnormal/action/sms_content", "abnormal/action/default_content"],
        ),
        (
            ("abnormal", "action", "sms", "title", "zh"),
            ["abnormal/action/sms_title_zh", "abnormal/action/sms_title", "abnormal/action/default_title_zh", "abnormal/action/default_title"],
        ),
        (
            ("recovered", "converge", "wxwork-bot", "content", "en"),
            ["recovered/converge/markdown_content", "recovered/converge/default_content"],
        ),
        (
            ("recovered", "converge", "wxwork-bot", "title", "en"),
            ["recovered/converge/wxwork-bot_title", "recovered/converge/default_title"],
        ),
        (
            ("no_data", "action", "mail", "title", "en"),
            ["no_data/action/mail_title", "no_data/action/default_title", "abnormal/action/mail_title", "abnormal/action/default_title"],
        ),
        (
            ("manual", "action", "mail", "title", "en"),
            ["abnormal/action/mail_title", "abnormal/action/default_title"],
        ),
    ],
)  # fmt: skip
def test_a_file_is_looked_for_by_way_and_language_then_as_the_default(arguments, expected):
    assert candidates(*arguments) == [f"notice/{name}.jinja" for name in expected]


@pytest.mark.parametrize(
    ("files", "language", "found"),
    [
        (["sms_content_zh", "sms_content", "default_content_zh", "default_content"], "zh-CN", "sms_content_zh"),
        (["sms_content", "default_content_zh", "default_content"], "zh", "sms_content"),
        (["default_content_zh", "default_content"], "zh", "default_content_zh"),
        (["default_content_zh", "default_content"], "en", "default_content"),
        (["default_content"], "zh", "default_content"),
        (["rtx_content"], "zh", None),
    ],
)
def test_the_first_of_them_that_exists_is_taken(tmp_path, files, language, found):
    folder = tmp_path / "notice" / "strange" / "action"
    folder.mkdir(parents=True)
    for name in files:
        (folder / f"{name}.jinja").write_text("x")
    name = Frames([tmp_path]).find("strange", "action", "sms", "content", language)
    assert name == (found and f"notice/strange/action/{found}.jinja")
