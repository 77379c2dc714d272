"""Running judged templates on Jinja: every look-up, call, operator, filter and value that is printed comes through here."""

import re
from collections.abc import Callable, Iterator, Mapping, ValuesView
from collections.abc import Set as AbstractSet
from functools import lru_cache, partial
from typing import Any, TypeVar

from jinja2 import nodes
from jinja2.exceptions import TemplateRuntimeError, TemplateSyntaxError
from jinja2.runtime import Context, LoopContext, Undefined
from jinja2.sandbox import SandboxedEnvironment
from jinja2.utils import Namespace, pass_context
from markupsafe import Markup

from sinks.render.sandbox import filters
from sinks.render.sandbox.language import GLOBALS, JOIN, MAX_TEMPLATE, SLICE, TURNS, WEIGH, Prices, judge
from sinks.render.sandbox.texts import BINARY, method_of
from sinks.render.sandbox.values import LanguageError, Silent, entry, plain
from sinks.render.sandbox.work import LONGEST, MAX_OUTPUT, TOO_DEEP, Budget, bounded

Made = TypeVar("Made")

_LONGEST_SUM = MAX_OUTPUT >> 2
_LARGEST_RANGE = 10_000
_LONGEST_ERROR = 300
_CALL = 4
"""Units of a call of a function beside what it takes and makes."""
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
_HALVES = re.compile("[\ud800-\udfff]")


class _Rendering(Context):
    """The variables of one rendering, its budget, and what makes values harmless in its medium."""

    budget: Budget
    facts: Mapping[str, Any]
    escape: Callable[[str], str]

    def resolve_or_missing(self, key: str) -> Any:
        """Return what the template set itself, else a fact, else a global."""
        if key not in self.vars and key in self.facts:
            return self.facts[key]
        return super().resolve_or_missing(key)

    def harmless(self, value: Any) -> Markup:
        """Return the value as text of this medium; what already is stays."""
        if isinstance(value, str | int | float | list | tuple | dict):
            self.budget.weigh(value, MAX_OUTPUT)
        return value if isinstance(value, Markup) else Markup(self.escape(plain(value)))  # noqa: S704 (escaped)

    def joined(self, parts: list[Any]) -> str:
        """Return the texts of the parts as one; harmless ones stay so, the others become so beside them."""
        marked = any(isinstance(part, Markup) for part in parts)
        texts = [str.__str__(self.harmless(part)) if marked else plain(self.budget.weigh(part)) for part in parts]
        bounded(sum(map(len, texts)), _LONGEST_SUM)
        return Markup("").join(map(Markup, texts)) if marked else "".join(texts)

    def applied(
        self, function: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any], name: str = ""
    ) -> Any:
        """Return what a function makes; what it takes and what it makes is bounded and paid for."""
        self.budget.spend(_CALL)
        for value in (*given, *named.values()):
            self.pay(value, name)
        made = self.call(function, *given, **named)
        made = list(made) if isinstance(made, Iterator | AbstractSet | ValuesView) else made
        self.pay(made, name)
        return made

    def turns(self, values: Any, price: int) -> Any:
        """Return what a loop goes over, paid for."""
        if _is_missing(values):
            return ()
        if not isinstance(values, str | dict | list | tuple):
            raise LanguageError("a loop goes over lists, texts and mappings")
        self.budget.spend(1 + bounded(len(values)) * price)
        return values

    def sliced(self, value: Any, *bounds: Any) -> Any:
        """Return a part of a text or list; nothing of anything else."""
        if not isinstance(value, str | list | tuple):
            return self.environment.undefined()
        self.budget.spend(1 + len(value) // 8)
        return value[slice(*bounds)]

    def pay(self, value: Any, name: str = "") -> None:
        """Pay for what a function of this name takes or makes."""
        if name in filters.SHALLOW and isinstance(value, dict | list | tuple):
            self.budget.spend(1 + len(value))
        elif name not in filters.ANY_LENGTH or not isinstance(value, str):
            self.budget.weigh(value, MAX_OUTPUT if name in filters.WHOLE else LONGEST)


_harmless = pass_context(_Rendering.harmless)


class _Engine(SandboxedEnvironment):
    intercepted_binops = frozenset(BINARY)
    context_class = _Rendering

    def __init__(self) -> None:
        super().__init__(autoescape=True, undefined=Silent, cache_size=0, optimized=False, finalize=_harmless)
        self.filters: Any = {
            **{name: _filter(name, function) for name, function in filters.FILTERS.items()},
            **dict.fromkeys(filters.ESCAPES, _harmless),
            TURNS: pass_context(_Rendering.turns),
            JOIN: pass_context(_Rendering.joined),
            SLICE: pass_context(_Rendering.sliced),
            WEIGH: pass_context(lambda context, value: context.budget.weigh(value, MAX_OUTPUT)),
        }
        self.tests: Any = {name: _test(test) for name, test in filters.TESTS.items()}
        self.globals = dict(zip(GLOBALS, (_range, dict, Namespace), strict=True))
        self.compiled = lru_cache(maxsize=2048)(self.from_string)

    def judged(self, text: str) -> nodes.Template:
        """Return the tree of a template. Raises TemplateSyntaxError for what the language does not have."""
        if len(text) > MAX_TEMPLATE:
            raise TemplateSyntaxError(f"the template is longer than {MAX_TEMPLATE} characters", 1)
        try:
            tree = super()._parse(text, None, None)
        except (RecursionError, MemoryError, OverflowError, ValueError):
            raise TemplateSyntaxError("the template is too complex", 1) from None
        judge(tree)
        return tree

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:  # noqa: ARG002 (jinja's)
        tree: nodes.Template = Prices().visit(self.judged(source))
        return tree

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return an entry, else a method that a template may call; never an attribute of Python's own."""
        found = self.getitem(obj, attribute)
        return method_of(obj, attribute) or found if found is not obj and isinstance(found, Undefined) else found

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return an entry of a value, or what is not there."""
        if isinstance(obj, Undefined):
            return obj
        try:
            return entry(obj, argument)
        except (LookupError, TypeError, AttributeError):
            return self.undefined()

    def call(self, context: Any, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call what a template may call."""
        if isinstance(obj, Undefined):
            return obj
        if not callable(obj) or isinstance(obj, LoopContext):
            raise LanguageError("this value cannot be called")
        if isinstance(obj, partial):
            receiver = obj.args[-1]
            context.pay(receiver, "" if isinstance(receiver, str) else "list")
        context.budget.enter()
        made = context.applied(obj, args, kwargs)
        context.budget.calls -= 1
        return made

    def call_filter(self, name: str, value: Any, *args: Any, **kwargs: Any) -> Any:
        """Apply a filter that is named by a text. Raises TemplateRuntimeError for one that no template may name."""
        if name.startswith("-"):
            raise TemplateRuntimeError(f"No filter named {name!r}.")
        return super().call_filter(name, value, *args, **kwargs)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Compute a bounded `+ - * / // % **`; with what is not there, nothing is there."""
        if _is_missing(left) or _is_missing(right):
            return self.undefined()
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return context.joined([left, right])
        given = (str.__str__(one) if isinstance(one, str) else one for one in (left, right))
        return context.applied(BINARY[operator], tuple(given), {})


def _is_missing(value: Any) -> bool:
    return value is None or isinstance(value, Undefined)


def _range(*given: int) -> list[int]:
    made = range(*given)
    bounded(len(made), _LARGEST_RANGE)
    return list(made)


def _filter(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @pass_context
    def call(context: Any, value: Any, *given: Any, **named: Any) -> Any:
        if _is_missing(value) and name in filters.OF_NOTHING:
            value = ""
        elif _is_missing(value) and name not in ("d", "default", "tojson"):
            return value
        is_made = isinstance(value, Markup)
        if (is_made or name in filters.OF_TEXT) and not (is_made and name in filters.KEEPS_MARKUP):
            value = plain(value if isinstance(value, str) else context.budget.weigh(value, MAX_OUTPUT))
        for one in (*given, *named.values()) if name in filters.BY_NAME else ():
            bounded(len(one) if isinstance(one, str) else 0, filters.LONGEST_NAME)
        return context.applied(function, (value, *given), named, name)

    return call


def _test(function: Callable[..., Any]) -> Callable[..., bool]:
    @pass_context
    def call(context: Any, *given: Any) -> bool:
        return bool(context.applied(function, given, {}))

    return call


_ENGINE = _Engine()


def run(text: str, facts: Mapping[str, Any], escape: Callable[[str], str] = str, budget: Budget | None = None) -> str:
    """Return the text of a template, on a budget of its own if none is given; `escape` makes a value harmless.

    May raise any exception: callers run it within `caught`.
    """
    template = _ENGINE.compiled(text)
    context: Any = template.new_context()
    context.budget, context.facts, context.escape = budget or Budget(), facts, escape
    pieces, size = list[str](), 0
    for piece in template.root_render_func(context):
        pieces.append(plain(piece))
        size += len(pieces[-1])
        if size > MAX_OUTPUT:
            raise LanguageError("the output is larger than 1 MiB")
    return whole("".join(pieces))


def whole(text: str) -> str:
    """Return the text with a replacement for each half of a surrogate pair: what leaves can be encoded."""
    return _HALVES.sub("\ufffd", text)


def caught(make: Callable[[], Made], instead: Made, place: str, errors: list[str]) -> Made:
    """Return what is made; if that fails, `instead`, with the place and the reason among the errors."""
    try:
        return make()
    except Exception as error:  # noqa: BLE001 - the net under users' templates: no mistake in one may end the job
        errors.append(f"{place}: {explain(error)}")
        return instead


def explain(error: BaseException) -> str:
    """Return an error of a rendering as text: the same for the same inputs, wherever it is rendered."""
    if isinstance(error, RecursionError):
        return TOO_DEEP
    own = isinstance(error, LanguageError | TemplateRuntimeError | TemplateSyntaxError)
    said = str(error.args[0] if own else f"{type(error).__name__}: {error}")
    return whole(_ADDRESS.sub("", said)[:_LONGEST_ERROR])


@lru_cache(maxsize=4096)
def check_template(text: str) -> str | None:
    """Return what is wrong with a template (`line 2: ...`), or None. Strategies share templates, so answers are kept."""
    if "{" not in text and len(text) <= MAX_TEMPLATE:
        return None
    try:
        _ENGINE.judged(text)
    except TemplateSyntaxError as error:
        return f"line {error.lineno}: {error.message}"
    return None
