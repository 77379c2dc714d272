"""The language of users' templates: Jinja's syntax, judged when it is read.

What may stand in a template is listed here; anything else is refused with its line before it ever runs. What may run often
or make much gets its price: bodies of loops and macros by their nodes, everything else by what it takes and makes.
"""

from collections.abc import Callable, Mapping
from datetime import UTC
from itertools import count
from typing import Any

from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.visitor import NodeTransformer

from sinks.render.sandbox.filters import ESCAPES, FILTERS, TESTS
from sinks.render.sandbox.texts import METHODS
from sinks.render.sandbox.tools import JSON, MATCH, RE, arrow
from sinks.render.sandbox.values import LanguageError, number

MAX_TEMPLATE = 1 << 17
"""Characters of a template."""
GLOBALS = ("range", "dict", "namespace")
"""The functions a template may call by name, beside its own macros and `caller`."""
TURNS, WEIGH, JOIN, SLICE = "-turns", "-weigh", "-join", "-slice"
"""Filters that are put into the tree; no template can name them, because these are not in its lists."""

_NOW: Any = arrow(0, UTC)
_METHODS = {*METHODS, "cycle", "changed", *JSON, *RE, *MATCH, *_NOW, *_NOW["now"]()}
_FILTERS = {*FILTERS, *ESCAPES}
_KNOWN = frozenset(
    (
        nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Assign, nodes.AssignBlock, nodes.With,
        nodes.FilterBlock, nodes.Macro, nodes.CallBlock, nodes.Const, nodes.Name, nodes.NSRef, nodes.Tuple, nodes.List,
        nodes.Dict, nodes.Pair, nodes.Keyword, nodes.CondExpr, nodes.Filter, nodes.Test, nodes.Call, nodes.Getattr,
        nodes.Getitem, nodes.Slice, nodes.Concat, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Neg,
        nodes.Pos, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow,
    )
)  # fmt: skip
_BY_TEXT: Mapping[str, tuple[str, Any, int]] = {
    "map": ("filter", _FILTERS, 0),
    **dict.fromkeys(("select", "reject"), ("test", TESTS, 0)),
    **dict.fromkeys(("selectattr", "rejectattr"), ("test", TESTS, 1)),
}
"""Filters that take another by its name: what it is, where it must be listed, and at which place it is named."""
_NAMES: Mapping[type[nodes.Node], str] = {nodes.FromImport: "import", nodes.Scope: "autoescape"}
_MACRO = 20
"""Units of a call of a macro beside its body."""
_DEEPEST, _MOST_NODES = 60, 10_000
_MOST_LOOPS = 2


def judge(tree: nodes.Template) -> None:
    """Raise TemplateSyntaxError for the first thing that the language does not have."""
    callables = {*GLOBALS, "caller", *(macro.name for macro in tree.find_all(nodes.Macro))}
    waiting: list[tuple[nodes.Node, int, int]] = [(tree, 0, 0)]
    for seen in count():
        if not waiting:
            return
        node, depth, loops = waiting.pop()
        loops += isinstance(node, nodes.For)
        if reason := _wrong(node, depth if seen < _MOST_NODES else seen, loops, callables):
            raise TemplateSyntaxError(reason, node.lineno or 1)
        waiting.extend((child, depth + 1, loops) for child in reversed(list(node.iter_child_nodes())))


def _wrong(node: nodes.Node, depth: int, loops: int, callables: set[str]) -> str:
    """Return why a node may not stand where it does; "" if it may."""
    rule = _RULES.get(type(node), lambda _: "")
    has_stars = getattr(node, "dyn_args", None) or getattr(node, "dyn_kwargs", None)
    name = "recursive" if getattr(node, "recursive", False) else _NAMES.get(type(node), type(node).__name__.lower())
    reasons = (
        depth > _DEEPEST and "the template is too complex",
        loops > _MOST_LOOPS and "loops may be nested twice at most",
        (type(node) not in _KNOWN or name == "recursive") and f"{name!r} is not available in a notice template",
        has_stars and "'*' and '**' are not available in a notice template",
        isinstance(node, nodes.Call) and _wrong_call(node.node, callables),
        rule(node),
    )
    return next((reason for reason in reasons if reason), "")


def _wrong_call(called: nodes.Expr, callables: set[str]) -> str:
    if isinstance(called, nodes.Getattr):
        return "" if called.attr in _METHODS else f"No method named {called.attr!r}."
    name = getattr(called, "name", "this value")
    return "" if isinstance(called, nodes.Name) and name in callables else f"{name!r} cannot be called"


def _wrong_filter(node: Any) -> str:
    what, listed, place = _BY_TEXT.get(node.name, ("", (), 0))
    named = node.args[place] if what and len(node.args) > place else None
    if isinstance(named, nodes.Const) and named.value not in listed:
        return f"No {what} named {named.value!r}."
    return "" if node.name in _FILTERS else f"No filter named {node.name!r}."


def _wrong_number(value: Any) -> str:
    try:
        number(value)
    except LanguageError as error:
        return str(error) if isinstance(value, int | float) else ""
    return ""


def _calls_itself(macro: Any) -> bool:
    return any(getattr(call.node, "name", "") == macro.name for call in macro.find_all(nodes.Call))


_RULES: Mapping[type[nodes.Node], Callable[[Any], str]] = {
    nodes.Const: lambda node: _wrong_number(node.value),
    nodes.Getattr: lambda node: f"access to {node.attr!r} is not allowed" if node.attr[0] == "_" else "",
    nodes.Filter: _wrong_filter,
    nodes.Test: lambda node: "" if node.name in TESTS else f"No test named {node.name!r}.",
    nodes.Macro: lambda node: f"the macro {node.name!r} calls itself" if _calls_itself(node) else "",
}


class Prices(NodeTransformer):
    """Puts into a judged tree what pays for turns of loops, calls of macros, comparisons, sums of texts and slices."""

    def generic_visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> nodes.Node:
        """Return the node with its price in it."""
        price = _price(node) if isinstance(node, nodes.For | nodes.Macro | nodes.CallBlock) else 0
        super().generic_visit(node, *args, **kwargs)
        paying = _PRICED.get(type(node))
        return paying(node, price) if paying else node


def _price(node: nodes.Node) -> int:
    """Return what one pass through a loop or macro costs: its nodes, and the characters of its text by eights."""
    return sum(1 + len(getattr(one, "data", "")) // 8 for one in node.find_all(nodes.Node))


def _through(node: Any, name: str, *given: Any) -> nodes.Filter:
    values = [one if isinstance(one, nodes.Node) else nodes.Const(one, lineno=node.lineno) for one in given]
    return nodes.Filter(node, name, values, [], None, None, lineno=node.lineno)


def _changed(node: Any, name: str, value: Any) -> nodes.Node:
    setattr(node, name, value)
    return node  # type: ignore[no-any-return]


def _with_toll(node: Any, price: int) -> nodes.Node:
    toll = _through(nodes.Const("x", lineno=node.lineno), TURNS, _MACRO + price)
    return _changed(node, "body", [nodes.ExprStmt(toll, lineno=node.lineno), *node.body])


def _item(node: Any, _: int) -> nodes.Node:
    part = node.arg
    return _through(node.node, SLICE, part.start, part.stop, part.step) if isinstance(part, nodes.Slice) else node


_PRICED: Mapping[type[nodes.Node], Callable[[Any, int], nodes.Node]] = {
    nodes.TemplateData: lambda node, _: _changed(node, "data", node.data.replace("\\n", "\n").replace("\\t", "\t")),
    nodes.For: lambda node, price: _changed(node, "iter", _through(node.iter, TURNS, price)),
    nodes.Macro: _with_toll,
    nodes.CallBlock: _with_toll,
    nodes.Compare: lambda node, _: _changed(node, "expr", _through(node.expr, WEIGH)),
    nodes.Operand: lambda node, _: _changed(node, "expr", _through(node.expr, WEIGH)),
    nodes.Getitem: _item,
    nodes.Concat: lambda node, _: _through(nodes.List(node.nodes, lineno=node.lineno), JOIN),
}
