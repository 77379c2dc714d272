"""The words of notices as the core asks for them: rendering, and the judgement of templates while rules load."""

from flows.settings.settings import Settings, SettingsError
from sinks.render import Renderer, check_template


class Words(Renderer):
    """A renderer that also checks templates."""

    check_template = staticmethod(check_template)


def renderer(settings: Settings) -> Words:
    """Return the renderer of these settings. Raises SettingsError for a link that is no template."""
    try:
        return Words(settings)
    except ValueError as error:
        raise SettingsError(str(error)) from error
