"""The filters and tests of the sandbox: an allow-list, each metered by the size of what it takes and makes."""

from collections.abc import Callable, Iterator
from typing import Any

from jinja2 import filters, tests
from jinja2.runtime import Context
from jinja2.utils import pass_context
from markupsafe import Markup

from sinks.render.methods import join, padded, percent_format, replace, too_large
from sinks.render.times import format_time, local
from sinks.render.tools import dump
from sinks.render.work import MAX_OUTPUT

_MAX_PRECISION = 15


def _rounded(value: float, precision: int = 0, method: str = "common") -> float:
    if abs(precision) > _MAX_PRECISION:
        raise too_large("a precision")
    return filters.do_round(value, precision, method)  # type: ignore[arg-type]


def _indented(text: str, width: int | str = 4, first: bool = False, blank: bool = False) -> str:  # noqa: FBT001, FBT002 (jinja's)
    pad = width if isinstance(width, str) else padded(" ".ljust, width) if width > 0 else ""
    if len(text) + len(pad) * (text.count("\n") + 1) > MAX_OUTPUT:
        raise too_large("an indented text")
    return filters.do_indent(text, pad, first, blank)


@pass_context
def _joined(context: Context, parts: Any, separator: str = "", attribute: Any = None) -> str:
    if attribute is not None:
        parts = [context.environment.getitem(part, attribute) for part in parts]
    return join(str(separator), parts)


@pass_context
def _time(context: Context, second: float, pattern: str = "YYYY-MM-DD HH:mm:ss") -> str:
    return format_time(local(second, context.facts["_zone"]), pattern)  # type: ignore[attr-defined]


@pass_context
def _plain(context: Context, value: Any) -> str:
    return context.environment.plain(value)  # type: ignore[attr-defined, no-any-return]


_FILTERS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "capitalize": filters.do_capitalize,
    "center": lambda text, width=80: padded(str(text).center, width),
    "count": len,
    "d": filters.do_default,
    "default": filters.do_default,
    "dictsort": filters.do_dictsort,
    "filesizeformat": filters.do_filesizeformat,
    "first": filters.do_first,
    "float": filters.do_float,
    "format": lambda text, *args, **kwargs: percent_format(str(text), kwargs or args),
    "groupby": filters.do_groupby,
    "indent": lambda text, *args, **kwargs: _indented(str(text), *args, **kwargs),
    "int": filters.do_int,
    "items": filters.do_items,
    "join": _joined,
    "last": filters.do_last,
    "length": len,
    "list": list,
    "lower": filters.do_lower,
    "map": filters.do_map,
    "max": filters.do_max,
    "min": filters.do_min,
    "reject": filters.do_reject,
    "rejectattr": filters.do_rejectattr,
    "replace": lambda text, old, new, count=-1: replace(str(text), str(old), str(new), count),
    "reverse": filters.do_reverse,
    "round": _rounded,
    "select": filters.do_select,
    "selectattr": filters.do_selectattr,
    "sort": filters.do_sort,
    "string": _plain,
    "sum": filters.do_sum,
    "time": _time,
    "title": filters.do_title,
    "tojson": dump,
    "trim": filters.do_trim,
    "truncate": filters.do_truncate,
    "unique": filters.do_unique,
    "upper": filters.do_upper,
    "urlencode": filters.do_urlencode,
    "wordcount": filters.do_wordcount,
}
_KEEPS_MARKUP = ("d", "default", "first", "last", "list", "trim")
"""Filters that hand their value on, so that a ready-made row stays one."""

_TESTS: dict[str, Any] = {
    name: test for name, test in tests.TESTS.items() if name not in ("callable", "escaped", "filter", "test")
}


def _metered(function: Callable[..., Any], *, keeps_markup: bool = False) -> Callable[..., Any]:
    takes = getattr(getattr(function, "jinja_pass_arg", None), "name", "")

    @pass_context
    def call(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
        budget = context.budget  # type: ignore[attr-defined]
        budget.weigh((value, args, kwargs))
        if not keeps_markup and isinstance(value, Markup):
            value = str.__str__(value)
        lead = {"context": (context,), "eval_context": (context.eval_ctx,), "environment": (context.environment,)}
        made = function(*lead.get(takes, ()), value, *args, **kwargs)
        return budget.weigh(list(made) if isinstance(made, Iterator) else made)

    return call


def safe_filters() -> dict[str, Callable[..., Any]]:
    """Return the filters a template may use."""
    return {name: _metered(one, keeps_markup=name in _KEEPS_MARKUP) for name, one in _FILTERS.items()}


def safe_tests() -> dict[str, Callable[..., Any]]:
    """Return the tests a template may use."""
    return {name: _metered(one, keeps_markup=True) for name, one in _TESTS.items()}
