"""Where users' templates run: nothing reachable but the notice's facts, and no more work than the budget allows.

Attributes and methods come from allow-lists (methods.py, view.py), filters and tests too (filters.py); loops, macros,
comparisons and everything that makes large values are metered (guard.py, work.py). What is undefined prints nothing.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import nodes
from jinja2.exceptions import SecurityError, TemplateError, TemplateSyntaxError
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import pass_context
from markupsafe import Markup

from sinks.render.arithmetic import BINOPS, bounded
from sinks.render.filters import safe_filters, safe_tests
from sinks.render.guard import JOIN, SPEND, WALK, WEIGH, guard
from sinks.render.methods import method_of
from sinks.render.silent import Silent, Store
from sinks.render.tools import dump
from sinks.render.view import Tools, View
from sinks.render.work import MAX_OUTPUT, Budget, TooMuchWorkError, text_weight

MAX_TEMPLATE = 1 << 17
"""Characters of a template."""

RENDER_ERRORS = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What running a template over data of any shape may raise."""

_LOOP_FACTS = (
    "index", "index0", "first", "last", "length", "revindex", "revindex0", "cycle", "changed", "previtem", "nextitem",
)  # fmt: skip
_MAX_COMPILED = 2048
_CALL_PRICE = 8
_LONGEST_ERROR = 300
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


class MeteredContext(Context):
    """The variables of one rendering, computed when asked for, and its budget."""

    budget: Budget
    facts: Mapping[str, Any]

    def resolve_or_missing(self, key: str) -> Any:
        """Return what the template set itself, else a fact, else a global."""
        if key not in self.vars and key in self.facts:
            return self.facts[key]
        return super().resolve_or_missing(key)


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment of users' templates in one medium; `escape` makes a value harmless in that medium."""

    intercepted_binops = frozenset(BINOPS)
    context_class = MeteredContext

    def __init__(self, escape: Callable[[str], str]) -> None:
        super().__init__(autoescape=True, undefined=Silent, cache_size=0, finalize=_finalize)
        self.escape = escape
        self._compiled: dict[str, Any] = {}
        self.filters: Any = safe_filters() | {
            SPEND: _spend, WALK: _walk, WEIGH: _weigh, JOIN: _join,
            "e": _escape, "escape": _escape, "forceescape": _escape,
        }  # fmt: skip
        self.tests: Any = safe_tests()
        self.globals = {"range": range, "dict": dict, "namespace": Store}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return guard(super()._parse(source, name, filename))

    def make_globals(self, d: Any) -> Any:
        """Return the few globals there are."""
        return d or self.globals

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return a fact, an entry or an allowed method; never an attribute of Python's own."""
        return self._look_up(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return an entry, as `getattr` for names."""
        return self._look_up(obj, argument)

    def _look_up(self, obj: Any, name: Any) -> Any:
        if isinstance(obj, Silent):
            return obj
        try:
            return self._entry(obj, name)
        except (LookupError, TypeError):
            pass
        if not isinstance(name, str):
            return self.undefined(obj=None, name=str(name))
        if name.startswith("_"):
            raise SecurityError(f"access to {name!r} is not allowed")
        method = method_of(obj, name, self._look_up)
        return self.undefined(obj=None, name=name) if method is None else method

    def _entry(self, obj: Any, name: Any) -> Any:
        if isinstance(obj, View | Tools):
            return obj.fact(name)
        if isinstance(obj, LoopContext):
            return getattr(obj, name) if name in _LOOP_FACTS else self.undefined(name=str(name))
        if isinstance(obj, tuple) and isinstance(name, str) and name in getattr(obj, "_fields", ()):
            return getattr(obj, name)
        if isinstance(obj, str | dict | list | tuple | range):
            return obj[name]
        if isinstance(obj, Store) and not str(name).startswith("_"):
            return getattr(obj, name, self.undefined(name=str(name)))
        raise KeyError(name)

    def call(self, context: Any, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call what a template may call, metered."""
        if isinstance(obj, Silent):
            return obj
        if isinstance(obj, str | dict | list | tuple | View | Tools):
            raise SecurityError("this value cannot be called")
        budget: Budget = context.budget
        budget.spend(getattr(obj, "price", _CALL_PRICE))
        budget.weigh((args, kwargs))
        with budget.deeper():
            return budget.weigh(super().call(context, obj, *args, **kwargs))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Compute a bounded `+ * ** %`."""
        if isinstance(left, Silent) or isinstance(right, Silent):
            return left if isinstance(left, Silent) else right
        if isinstance(left, Markup) or isinstance(right, Markup):
            if operator == "+":
                return self.joined((left, right))
            left, right = (str.__str__(one) if isinstance(one, Markup) else one for one in (left, right))
        made = BINOPS[operator](left, right)
        return context.budget.weigh(made)  # type: ignore[attr-defined]

    def plain(self, value: Any) -> str:
        """Return a value as text: lists by commas, mappings as JSON, nothing for what has no text."""
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, bool | int | float):
            return str(value)
        if isinstance(value, list | tuple):
            return ", ".join(self.plain(one) for one in value)
        return dump(value) if isinstance(value, dict) else ""

    def harmless(self, value: Any) -> Markup:
        """Return the value as text of this medium; what already is stays."""
        return value if isinstance(value, Markup) else Markup(self.escape(self.plain(value)))  # noqa: S704 (escaped)

    def joined(self, parts: Any) -> str:
        """Return the texts of the parts as one; harmless ones stay so, the others become so beside them."""
        if any(isinstance(part, Markup) for part in parts):
            made = "".join(str.__str__(self.harmless(part)) for part in parts)
            return Markup(bounded(made))  # noqa: S704 (every part is escaped)
        return bounded("".join(self.plain(part) for part in parts))

    def run(self, text: str, variables: Mapping[str, Any], budget: Budget | None = None) -> str:
        """Render a template, on a budget of its own if none is given. Raises one of RENDER_ERRORS."""
        template = self.compiled(text)
        context = template.new_context()
        context.budget, context.facts = budget or Budget(), variables
        pieces, size = [], 0
        for piece in template.root_render_func(context):
            pieces.append(str(piece))
            size += len(pieces[-1])
            if size > MAX_OUTPUT:
                raise TooMuchWorkError("the output is larger than 1 MiB")
        return "".join(pieces)

    def compiled(self, text: str) -> Any:
        """Return the compiled template, from a bounded cache. Raises TemplateSyntaxError."""
        known = self._compiled.get(text)
        if known is None:
            if len(self._compiled) >= _MAX_COMPILED:
                self._compiled.clear()
            known = self._compiled[text] = self.compile_text(text)
        return known

    def compile_text(self, text: str) -> Any:
        """Compile a template. Raises TemplateSyntaxError."""
        if len(text) > MAX_TEMPLATE:
            raise TemplateSyntaxError(f"the template is longer than {MAX_TEMPLATE} characters", 1)
        try:
            return self.from_string(text)
        except (RecursionError, MemoryError, SyntaxError, OverflowError, ValueError):
            raise TemplateSyntaxError("the template is too complex", 1) from None


def explain(error: BaseException) -> str:
    """Return an error of a rendering as text: the same for the same inputs, wherever it is rendered."""
    if isinstance(error, RecursionError):
        return "the template or its data is nested too deeply"
    if isinstance(error, TemplateError):
        return str(error.message or type(error).__name__)
    return _ADDRESS.sub("", f"{type(error).__name__}: {error}")[:_LONGEST_ERROR]


@lru_cache(maxsize=4096)
def check_template(text: str) -> str | None:
    """Return what is wrong with a template (`line 2: ...`), or None. Strategies share templates, so answers are kept."""
    if "{" not in text and len(text) <= MAX_TEMPLATE:
        return None
    try:
        _CHECKER.compile_text(text)
    except TemplateSyntaxError as error:
        return f"line {error.lineno}: {error.message}"
    return None


@pass_context
def _finalize(context: Any, value: Any) -> Markup:
    made: Markup = context.environment.harmless(value)
    context.budget.spend(text_weight(len(made)))
    return made


@pass_context
def _spend(context: Any, units: int) -> None:
    context.budget.spend(units)


@pass_context
def _walk(context: Any, values: Any, price: int) -> Any:
    if not hasattr(values, "__len__"):
        values = list(values)
    context.budget.spend(len(values) * price)
    return values


@pass_context
def _weigh(context: Any, value: Any) -> Any:
    return context.budget.weigh(value)


@pass_context
def _join(context: Any, parts: list[Any]) -> str:
    context.budget.weigh(parts)
    made: str = context.environment.joined(parts)
    context.budget.weigh(made)
    return made


@pass_context
def _escape(context: Any, value: Any) -> Markup:
    made: Markup = context.environment.harmless(value)
    return made


_CHECKER = Sandbox(str)
