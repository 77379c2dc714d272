"""How a notice gets its words: templates in a sandbox, variables, rows, length limits."""

from sinks.render.render import Rendered, Renderer
from sinks.render.sandbox import check_template

__all__ = ["Rendered", "Renderer", "check_template"]
