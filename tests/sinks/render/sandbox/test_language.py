from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from sinks.render import sandbox
from sinks.render.escapes import escape_html, escape_markdown, escape_text, restore
from sinks.render.sandbox import check_template, explain
from sinks.render.sandbox.language import MAX_TEMPLATE
from sinks.render.sandbox.tools import JSON, RE, arrow

FACTS = {"name": "cpu", "items": [{"n": 1}, {"n": 2}], "deep": {"a": {"b": [1, 2, {"c": "found"}]}}, "_zone": UTC}


def outcome(template):
    """Return the text of a template, or why it has none."""
    errors = []
    return sandbox.caught(lambda: run(template), "", "template", errors) or "".join(errors)


def run(template, escape=escape_text, **facts):
    return restore(sandbox.run(template, {**FACTS, **facts}, escape))


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("plain", "plain"),
        ("{{ name }}", "cpu"),
        ("{{ deep.a.b[2].c }}", "found"),
        ("{{ deep['a']['b'][-1]['c'] }}", "found"),
        ("{{ nothing }}", ""),
        ("{{ nothing.at.strip() }}", ""),
        ("{{ nothing[0].format(1, y=2) + 5 * 3 }}", ""),
        ("{{ nothing > 3 }}{{ nothing|upper }}{{ -nothing }}", "False"),
        ("{% for one in nothing %}x{% endfor %}", ""),
        ("{{ none }}{{ None }}", ""),
        ("{{ 'a' in nothing }}", "False"),
        ("{{ nothing|default('d') }} {{ nothing is defined }}", "d False"),
        ("{{ [1, 'b', None] }}", "1, b, "),
        ("{{ {'b': 1, 'a': [2]} }}", '{"a":[2],"b":1}'),
        ("{{ true }} {{ 1.5 }} {{ 7 // 2 }} {{ 7 % 4 }} {{ 2 ** 10 }}", "True 1.5 3 3 1024"),
        ("{{ 'a' ~ 1 ~ none ~ 'b' }}", "a1b"),
        ("{{ name + '!' }} {{ 'ab' * 2 }} {{ '%s=%d' % ('x', 3) }}", "cpu! abab x=3"),
        ("{{ '%.2f'|format(1.239) }} {{ '{:>5}|{}'.format('x', name) }} {{ '{n}'.format(n=1) }}", "1.24     x|cpu 1"),
        ("{% for one in items %}{{ loop.index }}/{{ loop.length }}:{{ one.n }}{% if not loop.last %},{% endif %}{% endfor %}", "1/2:1,2/2:2"),
        ("{% for k, v in deep.items() %}{{ k }}{% endfor %}", "a"),
        ("{% set ns = namespace(total=0) %}{% for one in items %}{% set ns.total = ns.total + one.n %}{% endfor %}{{ ns.total }}", "3"),
        ("{% macro twice(x) %}{{ x }}{{ x }}{% endmacro %}{{ twice('<a>') }}", "<a><a>"),
        ("{% macro box() %}[{{ caller() }}]{% endmacro %}{% call box() %}in{% endcall %}", "[in]"),
        ("{% set x %}block {{ name }}{% endset %}{{ x }}", "block cpu"),
        ("{% filter upper %}a{{ name }}{% endfilter %}", "ACPU"),
        ("{% with a = 1 %}{{ a }}{% endwith %}", "1"),
        ("{% raw %}{{ name }}{% endraw %}", "{{ name }}"),
        ("{{ items|map(attribute='n')|join('+') }} {{ items|sum(attribute='n') }}", "1+2 3"),
        ("{{ [3, 1, 2]|sort|reverse|list }} {{ [1, 1, 2]|unique|list }} {{ 'a,b'.split(',')|last }}", "3, 2, 1 1, 2 b"),
        ("{{ items|selectattr('n', 'gt', 1)|map(attribute='n')|first }}", "2"),
        ("{{ items|groupby('n')|map(attribute='grouper')|join }}", "12"),
        ("{{ 'Hello'|replace('l', 'L') }} {{ 'abcdefghijklm'|truncate(8, true, '...', 0) }} {{ ' x '|trim }}", "HeLLo abcde... x"),
        ("{{ 3.14159|round(2) }} {{ '5'|int + 1 }} {{ 'x'|int }} {{ [1,2]|tojson }}", "3.14 6 0 [1,2]"),
        ("{{ 'x'.center(5) }}|{{ 'x'|center(5) }}|{{ 'x'.zfill(3) }}|{{ 'x'.ljust(3) }}", "  x  |  x  |00x|x  "),
        ("{{ 'a b&c'|urlencode }}", "a%20b%26c"),
        ("{{ 1700000000|time }} {{ 1700000000|time('DD.MM.YY [at] H:m Z') }}", "2023-11-14 22:13:20 14.11.23 at 22:13 +0000"),
        ("{{ range(3)|list }}{{ range(1, 7, 3)|sum }}", "0, 1, 25"),
        ("{{ name[:2] }}{{ name[::-1] }}", "cpupc"),
        ("{{ 'yes' if name == 'cpu' else 'no' }} {{ 1 < 2 <= 2 }} {{ 'c' in name }}", "yes True True"),
        ("tab\\there", "tab\there"),
        ("a\\nb", "a\nb"),
        ("{{ 'C:\\\\new' }}", "C:\\new"),
        ("{{ 'x'|e }}{{ '<'|escape|e }}", "x<"),
        ("{# a comment #}", ""),
    ],
)  # fmt: skip
def test_templates_have_the_everyday_jinja(template, expected):
    assert check_template(template) is None
    assert run(template) == expected


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ name", "line 1: unexpected end of template"),
        ("a\n{% if %}", "line 2: Expected an expression"),
        ("{% for x in y %}", "line 1: Unexpected end of template"),
        ("{{ x|shell }}", "No filter named 'shell'"),
        ("{{ x|attr('y') }}", "No filter named 'attr'"),
        ("{{ x|safe }}", "No filter named 'safe'"),
        ("{{ x|pprint }}{{ x|random }}", "No filter named"),
        ("{{ x is callable }}", "No test named 'callable'"),
        ("{{ x|-spend }}", "expected token 'name'"),
        ("{% include 'x' %}", "'include' is not available"),
        ("{% import 'x' as y %}", "'import' is not available"),
        ("{% from 'x' import y %}", "'import' is not available"),
        ("{% extends 'x' %}", "'extends' is not available"),
        ("{% block x %}{% endblock %}", "'block' is not available"),
        ("{% for x in y recursive %}{% endfor %}", "'recursive' is not available"),
        ("{% autoescape false %}{{ x }}{% endautoescape %}", "'autoescape' is not available"),
        ("{% do x.append(1) %}", "unknown tag 'do'"),
        ("{{ " + "(" * 500 + "1" + ")" * 500 + " }}", "too complex"),
        ("{% if a %}" * 300 + "{% endif %}" * 300, "too complex"),
        ("{% for a in b %}" * 40 + "{% endfor %}" * 40, "loops may be nested twice at most"),
        (
            "{% for a in b %}{% for c in a %}{% macro m() %}{% for d in c %}{% endfor %}{% endmacro %}{% endfor %}{% endfor %}",
            "nested twice",
        ),
        ("a\n{% macro m(n) %}{{ m(n - 1) }}{% endmacro %}", "line 2: the macro 'm' calls itself"),
        ("{{ x.encode() }}{{ x.__class__() }}", "No method named 'encode'"),
        ("{{ x.__class__ }}", "access to '__class__' is not allowed"),
        ("{{ x.a._b }}", "access to '_b' is not allowed"),
        ("{{ name() }}", "'name' cannot be called"),
        ("{{ name['upper']() }}", "'this value' cannot be called"),
        ("{{ x|map('shell')|list }}", "No filter named 'shell'"),
        ("{{ x|map('-toll')|list }}", "No filter named '-toll'"),
        ("{{ x|select('callable')|list }}", "No test named 'callable'"),
        ("{{ x|rejectattr('n', 'filter')|list }}", "No test named 'filter'"),
        ("{{ dict(*x) }}", "'*' and '**' are not available"),
        ("{{ x|default(**y) }}", "'*' and '**' are not available"),
        ("{{ 1e999 }}", "a number beyond 64 bits"),
        ("{{ -9223372036854775809 }}", "a number beyond 64 bits"),
        ("{{ 1e400|int }}", "a number beyond 64 bits"),
        ("x" * (MAX_TEMPLATE + 1), "longer than 131072 characters"),
    ],
)
def test_a_template_with_a_mistake_is_refused_with_its_line(template, reason):
    assert reason.lower() in (check_template(template) or "").lower()


PRIVATE = [
    "{{ ''.__class__ }}",
    "{{ name.__class__.__mro__[1].__subclasses__() }}",
    "{{ name['__class__'] }}",
    "{{ items.__class__ }}",
    "{{ range.__init__.__globals__ }}",
    "{{ namespace.__init__ }}",
    "{{ (1).__class__ }}",
    "{{ '{0.__class__}'.format(name) }}",
    "{{ '{0[__class__]}'.format(deep) }}",
    "{{ '{x.__init__.__globals__}'.format(x=range) }}",
    "{{ name.upper.__self__ }}",
    "{{ loop.__class__ }}{% for x in items %}{{ loop.__class__ }}{% endfor %}",
    "{{ self.__init__ }}",
    "{% macro m() %}{% endmacro %}{{ m.__globals__ }}",
    "{% macro m() %}{{ caller.__globals__ }}{% endmacro %}{{ m() }}{% call m() %}{% endcall %}",
    "{{ namespace(a=1).__class__ }}",
    "{{ items|map(attribute='__class__')|list }}",
    "{{ [name]|map(attribute='__class__.__mro__')|list }}",
    "{{ items|groupby('__class__') }}",
    "{{ items|sort(attribute='__class__') }}",
    "{{ items|selectattr('__class__')|list }}",
    "{{ items|join(',', attribute='__class__') }}",
]


@pytest.mark.parametrize("template", PRIVATE)
def test_nothing_private_of_python_is_reachable(template):
    made = outcome(template)
    assert "<class" not in made
    assert "object at 0x" not in made
    assert "built-in" not in made


@pytest.mark.parametrize(
    "template",
    [
        "{{ name.encode() }}",
        "{{ name.translate({}) }}",
        "{{ name.format_map(deep) }}",
        "{{ items.append(1) }}",
        "{{ items.pop() }}{{ items.clear() }}{{ items.sort() }}",
        "{{ deep.update({'x': 1}) }}{{ deep.pop('a') }}{{ deep.setdefault('q', 1) }}",
        "{{ range.start }}{{ dict.mro() }}{{ dict.fromkeys('ab') }}",
        "{{ self }}{{ self._TemplateReference__context }}",
        "{{ context }}{{ environment }}{{ cycler }}{{ lipsum }}{{ joiner }}",
        "{{ os }}{{ open }}{{ import }}{{ __import__ }}{{ eval }}{{ getattr }}{{ globals }}",
        "{{ name.upper.func }}{{ name.replace.args }}",
        "{{ range }}{{ dict }}{{ namespace }}{{ name.upper }}",
        "{% macro m() %}{% endmacro %}{{ m }}{{ m.name }}{{ m.arguments }}",
    ],
)
def test_what_a_template_may_not_have_prints_nothing(template):
    before = repr(FACTS)
    if check_template(template) is None:
        assert outcome(template).strip() == ""
    assert repr(FACTS) == before


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ json.loads(text).a[1] }}", "2"),
        ("{{ json.dumps({'b': 1, 'a': '日'}) }}", '{"a":"日","b":1}'),
        ("{{ re.sub('[0-9]+', 'N', 'a1b22') }}", "aNbN"),
        ("{{ re.sub('(a)(b)', '\\\\2\\\\1', 'abab', 1) }}", "baab"),
        ("{{ re.search('(b+)', 'abbc').group(1) }}", "bb"),
        ("{{ re.match('b', 'ab') is none }}{{ re.fullmatch('a.', 'ab').groups() }}", "True"),
        ("{{ re.findall('[a-z]', 'a1b2') }}", "a, b"),
        ("{{ re.split(',', 'a,b,c', 1) }}", "a, b,c"),
        ("{{ re.search('x', 'ab').group(1) }}", ""),
    ],
)
def test_helpers_read_json_and_match_patterns(template, expected):
    assert run(template, json=JSON, re=RE, text='{"a": [1, 2]}') == expected


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ arrow.now().format() }}", "2023-11-15 06:14:20+08:00"),
        ("{{ arrow.utcnow().format('HH:mm') }}", "22:14"),
        ("{{ arrow.get(1700000000).to('UTC').format('YYYY-M-D H:m:s X') }}", "2023-11-14 22:13:20 1700000000"),
        ("{{ arrow.get('2026-01-02T03:04:05+00:00').shift(days=1).format('DD') }}", "03"),
        ("{{ arrow.get('2026-01-02').year }} {{ arrow.get(0, 'Asia/Tokyo').hour }}", "2026 9"),
    ],
)
def test_the_arrow_helper_knows_only_the_notices_own_time(template, expected):
    assert run(template, arrow=arrow(1_700_000_060, ZoneInfo("Asia/Shanghai"))) == expected


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ 1 / 0 }}", "ZeroDivisionError: division by zero"),
        ("{{ 1 + 'a' }}", "no number where one belongs"),
        ("{{ [1]|map(name)|list }}", "No filter named 'cpu'."),
        ("{{ json.loads(name) }}", "JSONDecodeError: Expecting value: line 1 column 1 (char 0)"),
        ("{{ range(99999) }}", "a text or list of more than 10000"),
    ],
)
def test_an_error_is_told_in_words_that_are_always_the_same(template, message):
    with pytest.raises(Exception) as caught:
        run(template, json=JSON)
    assert explain(caught.value) == message


HOSTILE = "<b>&{{ 7 * 7 }}{% raw %}**_x_**`#t#"


@pytest.mark.parametrize(
    ("escape", "expected"),
    [
        (escape_text, "<b>&{{ 7 * 7 }}{% raw %}**_x_**`#t#"),
        (escape_html, "&lt;b&gt;&amp;{{ 7 * 7 }}{% raw %}**_x_**`#t#"),
        (escape_markdown, r"&lt;b>&{{ 7 \* 7 }}{% raw %}\*\*\_x\_\*\*\`#t#"),
    ],
)
@pytest.mark.parametrize(
    "template",
    [
        "{{ bad }}",
        "{{ bad|e }}",
        "{{ [bad] }}",
        "{% set x = bad %}{{ x }}",
        "{% set x %}{{ bad }}{% endset %}{{ x }}",
        "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(bad) }}",
        "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(bad) ~ '' }}",
        "{% macro m(x) %}{{ x }}{% endmacro %}{{ m('') + bad }}",
        "{{ bad|trim|default('x') }}",
        "{{ '%s' % bad }}{{ '' }}",
        "{{ '{}'.format(bad) }}",
        "{% for x in [bad] %}{{ x }}{% endfor %}",
        "{{ bad if true else '' }}",
        "{% filter trim %}{{ bad }}{% endfilter %}",
    ],
)
def test_a_value_is_escaped_once_whatever_way_it_takes(escape, expected, template):
    assert run(template, escape, bad=HOSTILE) == expected
