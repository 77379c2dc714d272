"""`tocsin import`."""

import pytest
from click.testing import CliRunner

from flows.cli import main

TEXT = """
global: {slack_api_url: "https://hooks.slack.com/services/S3CRET"}
route:
  receiver: ops
  routes: [{receiver: chat, matchers: ['team="web"'], continue: true}]
receivers:
  - {name: ops, email_configs: [{to: ops@example.org}]}
  - {name: chat, slack_configs: [{channel: "#web", api_url: "https://hooks.slack.com/services/S3CRET"}]}
"""


def run(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)))


def test_the_rules_have_no_mistakes_and_what_is_left_is_said(tmp_path):
    (tmp_path / "am.yml").write_text(TEXT)
    done = run("import", tmp_path / "am.yml", "--out", tmp_path / "rules")
    assert done.exit_code == 0, done.output
    assert "route.routes[0].continue" in done.output
    checked = run("rules", "check", tmp_path / "rules")
    assert checked.exit_code == 0, checked.output
    assert "S3CRET" not in done.output + "".join(path.read_text() for path in (tmp_path / "rules").iterdir())


def test_nothing_that_is_there_is_overwritten(tmp_path):
    (tmp_path / "am.yml").write_text(TEXT)
    (tmp_path / "dispatch.yaml").write_text("dispatch: []\n")
    done = run("import", tmp_path / "am.yml", "--out", tmp_path)
    assert (done.exit_code, "dispatch.yaml: is there already" in done.output) == (1, True)
    assert (tmp_path / "dispatch.yaml").read_text() == "dispatch: []\n"


@pytest.mark.parametrize("text", ["", "[]", "route: {}", "{", "a: 1\na: 2\n"])
def test_a_file_that_is_none_is_refused_with_its_name(tmp_path, text):
    (tmp_path / "am.yml").write_text(text)
    done = run("import", tmp_path / "am.yml", "--out", tmp_path / "rules")
    assert (done.exit_code, "am.yml" in done.output, "Traceback" in done.output) == (1, True, False)
    assert not (tmp_path / "rules").exists()


def test_a_file_that_is_not_there_is_said(tmp_path):
    done = run("import", tmp_path / "none.yml")
    assert (done.exit_code, "No such file" in done.output) == (1, True)


def test_a_file_that_is_no_text_is_named_with_the_place(tmp_path):
    (tmp_path / "am.yml").write_bytes(b"route: \xff")
    done = run("import", tmp_path / "am.yml", "--out", tmp_path / "rules")
    assert (done.exit_code, done.output) == (1, f"{tmp_path}/am.yml: not UTF-8: invalid start byte at byte 7\n")
