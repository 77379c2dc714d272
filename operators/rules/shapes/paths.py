"""JMESPath expressions of rules of kind `sources`: parsed once, bounded in size, and bounded in what they make of a record.

A record comes from outside and an expression multiplies what it holds (`[@, @]`), so the work of one look is counted.
"""

import warnings
from functools import lru_cache
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.visitor import Options, TreeInterpreter

LONGEST, DEEPEST, MOST_WORK = 1000, 24, 100_000
"""Letters of an expression, levels of its tree, and steps of one look: nodes seen, letters and members made."""


class PathError(ValueError):
    """A look that cannot be: what a record holds does not fit the expression, or it would make too much of it."""


@lru_cache(maxsize=4096)
def parsed(expression: str) -> Any:
    """Return the tree of an expression. Raises `ValueError` that says what is wrong with it."""
    if len(expression) > LONGEST:
        raise ValueError(f"{len(expression)} letters; {LONGEST} are taken")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", PendingDeprecationWarning)
            tree = jmespath.compile(expression).parsed
        depth = _depth(tree)
    except PendingDeprecationWarning:
        raise ValueError("what stands in backticks is JSON; a text is written 'so'") from None
    except (JMESPathError, RecursionError, ValueError) as wrong:
        raise ValueError(" ".join(str(wrong).split())[:200] or "not an expression") from None
    if depth > DEEPEST:
        raise ValueError(f"{depth} levels deep; {DEEPEST} are taken")
    return tree


def path_error(expression: str) -> str | None:
    """Say what is wrong with an expression, or None."""
    try:
        parsed(expression)
    except ValueError as wrong:
        return str(wrong)
    return None


def found(expression: str, record: Any) -> Any:
    """Return what an expression finds in a record, None for nothing. Raises PathError."""
    try:
        return _Bounded().visit(parsed(expression), record)
    except (JMESPathError, TypeError, ArithmeticError, RecursionError) as wrong:
        raise PathError(" ".join(str(wrong).split())[:200] or type(wrong).__name__) from None


def _depth(tree: Any) -> int:
    return 1 + max((_depth(child) for child in tree.get("children", ()) if isinstance(child, dict)), default=0)


class _Bounded(TreeInterpreter):
    """Walks an expression over a record, and gives up where that would be too much."""

    def __init__(self) -> None:
        super().__init__(Options(dict_cls=dict))
        self._left = MOST_WORK

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        """Return what a node finds, at a price."""
        self._spend(1)
        made = super().visit(node, *args, **kwargs)
        if isinstance(made, (str, list)):
            self._spend(len(made) >> 4 if isinstance(made, str) else len(made))
        return made

    def visit_multi_select_list(self, node: Any, value: Any) -> Any:
        """Return a list whose members may be one and the same thing several times: all of it counts."""
        return self._weighed(super().visit_multi_select_list(node, value))

    def visit_multi_select_dict(self, node: Any, value: Any) -> Any:
        """Return a mapping, as above."""
        return self._weighed(super().visit_multi_select_dict(node, value))

    def visit_function_expression(self, node: Any, value: Any) -> Any:
        """Call a function; a separator is put between all the members of a list."""
        if node["value"] == "join":
            glue, parts = (self.visit(child, value) for child in node["children"][:2])
            if isinstance(glue, str) and isinstance(parts, list):
                self._spend(len(glue) * len(parts) >> 4)
        return super().visit_function_expression(node, value)

    def _weighed(self, made: Any) -> Any:
        todo = [made]
        while todo:
            one = todo.pop()
            self._spend(1)
            if isinstance(one, (dict, list)):
                todo += one.values() if isinstance(one, dict) else one
        return made

    def _spend(self, steps: int) -> None:
        self._left -= steps
        if self._left < 0:
            raise PathError(f"more than {MOST_WORK} steps")
