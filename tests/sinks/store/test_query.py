"""What people type to find alerts, as a query: fields, flags, tags, words, quotes and commas (docs/store.md)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.store.query import AlertQuery, QueryError, parse_query, term_of

MD5 = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("", AlertQuery()),
        ("   ", AlertQuery()),
        ("disk full", AlertQuery(words=("disk", "full"))),
        ("Disk", AlertQuery(words=("disk",))),
        ('"root volume"', AlertQuery(words=("root volume",))),
        ('"root ""C:"" volume"', AlertQuery(words=('root "c:" volume',))),
        ("磁盘 满", AlertQuery(words=("磁盘", "满"))),
        ("a,b", AlertQuery(words=("a,b",))),
        ('""', AlertQuery()),
        ('"   "', AlertQuery()),
        ("severity:1,2", AlertQuery(severity=(1, 2))),
        ("severity:1 severity:2", AlertQuery(severity=(1, 2))),
        ("severity:1,", AlertQuery(severity=(1,))),
        ("status:abnormal", AlertQuery(status=("ABNORMAL",))),
        ("status:RECOVERED,closed", AlertQuery(status=("RECOVERED", "CLOSED"))),
        ("strategy:5", AlertQuery(strategy_id=("5",))),
        ("strategy_id:5 strategy:6", AlertQuery(strategy_id=("5", "6"))),
        ("biz:2 bk_biz_id:3", AlertQuery(bk_biz_id=("2", "3"))),
        (f"dedupe:{MD5.upper()}", AlertQuery(dedupe_md5=(MD5,))),
        (f"dedupe_md5:{MD5}", AlertQuery(dedupe_md5=(MD5,))),
        ("name:CPU", AlertQuery(name=("CPU",))),
        ('name:"CPU, all cores"', AlertQuery(name=("CPU, all cores",))),
        ('name:"say ""hi"""', AlertQuery(name=('say "hi"',))),
        ("target:10.0.0.1,10.0.0.2", AlertQuery(target=("10.0.0.1", "10.0.0.2"))),
        ('target:"a,b"', AlertQuery(target=("a", "b"))),
        ("target:http://h:80/x", AlertQuery(target=("http://h:80/x",))),
        ("target_type:POD", AlertQuery(target_type=("POD",))),
        ("person:Dora", AlertQuery(person=("Dora",))),
        ("acked:no shielded:YES", AlertQuery(acked=False, shielded=True)),
        ("acked:no acked:yes", AlertQuery(acked=True)),
        ("blocked:yes disk", AlertQuery(blocked=True, words=("disk",))),
        ("tags.mount:/data", AlertQuery(tags={"mount": ("/data",)})),
        ("tags.mount:/data,/home tags.mount:/var", AlertQuery(tags={"mount": ("/data", "/home", "/var")})),
        ('tags.mount:"a, b"', AlertQuery(tags={"mount": ("a, b",)})),
        ("tags.a.b/c-d:x", AlertQuery(tags={"a.b/c-d": ("x",)})),
        ("tags.:x", AlertQuery(words=("tags.:x",))),
        ("colour:Red", AlertQuery(words=("colour:red",))),
        ("https://h/x", AlertQuery(words=("https://h/x",))),
        ('colour:"Dark Red"', AlertQuery(words=("colour:dark red",))),
        ('"half', AlertQuery(words=('"half',))),
        ("status : x", AlertQuery(words=("status", ":", "x"))),
    ],
)
def test_a_text_is_read_as_a_query(text, query):
    assert parse_query(text) == query


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("status:firing", "status:firing is none of ABNORMAL, RECOVERED, CLOSED"),
        ("severity:0", "severity:0 is none of 1 (fatal), 2 (warning), 3 (remind)"),
        ("severity:4", "severity:4 is none of 1 (fatal), 2 (warning), 3 (remind)"),
        ("severity:1,fatal", "severity:fatal is none of 1 (fatal), 2 (warning), 3 (remind)"),
        ("severity:\uff11", "severity:\uff11 is none of 1 (fatal), 2 (warning), 3 (remind)"),
        ("acked:true", "true is neither yes nor no"),
        ("blocked:yes,no", "yes,no is neither yes nor no"),
    ],
)
def test_a_value_that_a_field_cannot_have_is_refused_with_those_it_can(text, why):
    with pytest.raises(QueryError) as told:
        parse_query(text)
    assert str(told.value) == why


@given(st.sampled_from(["name", "tags.mount", "tags.a-b"]), st.text(st.characters(codec="utf-8"), min_size=1))
def test_the_text_for_one_value_asks_for_that_value_and_no_other(field, value):
    found = parse_query(term_of(field, value))
    assert found == (AlertQuery(name=(value,)) if field == "name" else AlertQuery(tags={field[5:]: (value,)}))


@given(st.text(st.characters(codec="utf-8")))
def test_whatever_is_typed_is_a_query_or_a_refusal(text):
    try:
        found = parse_query(text)
    except QueryError as error:
        assert str(error)  # noqa: PT017 - either way is well
    else:
        assert all(word == word.strip().lower() != "" for word in found.words)
