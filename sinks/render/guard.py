"""What a user's template may say: constructs that are refused, and meters put into those that can repeat work."""

from typing import Any

from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.visitor import NodeTransformer

SPEND, WALK, WEIGH, JOIN = "-spend", "-walk", "-weigh", "-join"
"""Names of the metering filters; no template can write them, because names have no hyphen."""

_REFUSED: dict[type[nodes.Node], str] = {
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "import",
    nodes.Extends: "extends",
    nodes.Block: "block",
    nodes.ScopedEvalContextModifier: "autoescape",
    nodes.EvalContextModifier: "autoescape",
}
_REPEATED = (nodes.For, nodes.Macro, nodes.CallBlock)
_CHARS_A_UNIT = 16


def guard(tree: nodes.Template) -> nodes.Template:
    """Return the tree with its meters. Raises TemplateSyntaxError for what a notice template may not use."""
    _Meters().visit(tree)
    return tree


class _Meters(NodeTransformer):
    """Loops pay by their length and text, macros by their text, comparisons and new values by their size."""

    def generic_visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> nodes.Node:
        name = _REFUSED.get(type(node))
        if name is not None:
            raise TemplateSyntaxError(f"{name!r} is not available in a notice template", node.lineno)
        return super().generic_visit(node, *args, **kwargs)

    def visit_TemplateData(self, node: nodes.TemplateData) -> nodes.Node:  # noqa: N802 (named after the node)
        node.data = node.data.replace("\\n", "\n").replace("\\t", "\t")
        return node

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 (jinja's)
        if node.recursive:
            raise TemplateSyntaxError("'recursive' is not available in a notice template", node.lineno)
        price = _price(node.body)
        self.generic_visit(node)
        node.iter = _metered(node.iter, WALK, price)
        return node

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:  # noqa: N802 (jinja's)
        return self._pay_on_entry(node)

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:  # noqa: N802 (jinja's)
        return self._pay_on_entry(node)

    def _pay_on_entry(self, node: Any) -> nodes.Node:
        toll = nodes.Const(_price(node.body), lineno=node.lineno)
        self.generic_visit(node)
        node.body.insert(0, nodes.ExprStmt(_metered(toll, SPEND), lineno=node.lineno))
        return node  # type: ignore[no-any-return]

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 (jinja's)
        self.generic_visit(node)
        return _metered(nodes.List(node.nodes, lineno=node.lineno), JOIN)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802 (jinja's)
        self.generic_visit(node)
        node.expr = _weighed(node.expr)
        for operand in node.ops:
            operand.expr = _weighed(operand.expr)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802 (jinja's)
        self.generic_visit(node)
        if isinstance(node.arg, nodes.Slice):
            node.node = _weighed(node.node)
        return node

    def visit_List(self, node: nodes.List) -> nodes.Node:  # noqa: N802 (jinja's)
        return _weighed(self.generic_visit(node))

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:  # noqa: N802 (jinja's)
        return _weighed(self.generic_visit(node))

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802 (jinja's)
        self.generic_visit(node)
        return _weighed(node) if node.ctx == "load" else node


def _metered(node: Any, name: str, *arguments: int) -> nodes.Filter:
    values = [nodes.Const(value, lineno=node.lineno) for value in arguments]
    return nodes.Filter(node, name, values, [], None, None, lineno=node.lineno)


def _weighed(node: Any) -> nodes.Expr:
    return node if isinstance(node, nodes.Const) else _metered(node, WEIGH)


def _price(body: list[nodes.Node]) -> int:
    """Return the units of one pass through a body: its own text, without that of repeated bodies inside it."""
    chars, rest = 0, list(body)
    while rest:
        node = rest.pop()
        if isinstance(node, nodes.TemplateData):
            chars += len(node.data)
        elif not isinstance(node, _REPEATED):
            rest.extend(node.iter_child_nodes())
    return 1 + chars // _CHARS_A_UNIT
