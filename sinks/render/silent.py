"""What a template gets for what is not there, and for `namespace()`."""

from typing import Any

from jinja2.runtime import ChainableUndefined
from jinja2.utils import Namespace


class Silent(ChainableUndefined):
    """What is not there: prints nothing and swallows any operation."""

    __slots__ = ()

    def _swallow(self, *_: Any, **__: Any) -> "Silent":
        return self

    # Its supertype says that these never return; here they all do.
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _swallow  # type: ignore[assignment]
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _swallow  # type: ignore[assignment]
    __pow__ = __rpow__ = __pos__ = __neg__ = __call__ = __abs__ = _swallow  # type: ignore[assignment]

    def _less(self, _: Any) -> bool:
        return False

    __lt__ = __le__ = __gt__ = __ge__ = _less  # type: ignore[assignment]

    def __contains__(self, _: object) -> bool:
        return False

    def __int__(self) -> int:  # type: ignore[override]
        return 0

    def __float__(self) -> float:  # type: ignore[override]
        return 0.0

    def __round__(self, *_: Any) -> "Silent":
        return self


class Store(Namespace):
    """`namespace()`, whose text tells nothing."""

    def __repr__(self) -> str:
        return ""
