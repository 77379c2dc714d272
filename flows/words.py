"""The words of notices."""
import msgspec
class R(msgspec.Struct):
    title: str
    content: str
    error: str | None = None
class W:
    def check_template(self, t): return None
    def __call__(self, message, alerts, strategy, book, now):
        return R(f"{message.signal} {alerts[0].alert_name if alerts else ''}", f"{len(alerts)}")
def renderer(settings): return W()
