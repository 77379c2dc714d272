"""The registry of Redis keys and its page."""

from sinks.redis_keys import KEYS, NOTICE, READY, RedisKey, document
from tests.tree import DOCS

PAGE = DOCS / "redis-keys.md"


def test_the_page_is_made_from_the_registry():
    assert PAGE.read_text(encoding="utf-8") == document()


def test_names_and_templates_are_unique():
    assert len({one.name for one in KEYS}) == len({one.template for one in KEYS}) == len(KEYS)


def test_a_key_is_the_prefix_in_braces_and_its_filled_template():
    assert NOTICE.key("alerts", id="abc") == "{alerts}:notice:abc"
    assert READY.key("alerts", lane="webhook:h:80") == "{alerts}:ready:webhook:h:80"


def test_a_global_key_has_no_prefix():
    key = RedisKey(name="X", template="x:{n}", kind="hash", ttl=60, backend="queue", is_global=True, about="")
    assert key.key("alerts", n="1") == "x:1"
