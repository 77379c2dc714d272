"""How a notice goes on after an attempt to deliver it: settle, try again, or give up."""

import msgspec


class Result(msgspec.Struct, frozen=True, gc=False):
    """A provider's answer for one receiver. `message` is shown to users: it never holds a secret."""

    ok: bool
    message: str = ""
    retryable: bool = False
    """Of a failure: another attempt may help."""
    retry_after: float | None = None
    """Seconds the provider asked us to wait."""
    message_id: str = ""
    """The provider's own id of the message."""
