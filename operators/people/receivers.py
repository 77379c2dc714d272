"""Who gets a notice, by which way (spec/notices.md 4.3, 6.5, 6.6). Subscriptions by person do not exist here."""

from collections.abc import Collection, Sequence

from operators.model import records
from operators.model.alert import Alert
from operators.model.event import Event
from operators.model.settings import CoreSettings
from operators.people.called import VOICE, Called, Receivers, add, addressed, called, used, without
from operators.rules.book import RuleBook
from operators.rules.shapes.model import CHAT_WAYS

DOUBLE_CHECK_TAG, SUSPECTED = "__double_check_result", "SUSPECTED_MISSING_POINTS"
"""The tag and value by which detection says that the data may merely be late."""
_QUIETER_WAYS = ("sms", "weixin", "wxwork-bot", "mail")
"""Ways that take over from voice, best first."""


def receivers(
    main: Sequence[str],
    follower: Sequence[str],
    alert: Alert,
    book: RuleBook,
    settings: CoreSettings,
    now: int,
    *,
    exclude: Collection[str] = (),
    upgrade: bool = False,
) -> Receivers:
    """Return who gets a notice of an alert, given its groups in order.

    `exclude`: ways that are not used for this signal. `upgrade`: an escalation, which never falls back to appointees.
    """
    found = called(main, follower, alert, book, settings, now)
    appointee = () if found.main or upgrade else alert.appointee
    suspected = is_suspected(alert.event)
    if not (appointee or exclude or suspected):
        return found.told
    return _special(found, appointee, exclude, suspected=suspected)


def _special(found: Called, appointee: Sequence[str], exclude: Collection[str], *, suspected: bool) -> Receivers:
    """Return who gets a notice of an alert that has appointees, leaves ways out, or may be mistaken."""
    mains = _appointed(appointee, found.followers) if appointee else found.main
    followers = without(found.followers, mains)
    if suspected:
        mains = _quieter(mains)
        followers = without(followers, mains)
    mains, followers = used(mains, exclude), used(followers, exclude)
    return Receivers(mains, followers, addressed(found.mentions, mains, followers))


def is_suspected(event: Event) -> bool:
    """Return True if the second look at the data suspects that points are merely missing."""
    for tag in event.tags:  # noqa: SIM110 - any() takes a generator for it
        if tag.key == DOUBLE_CHECK_TAG and tag.value == SUSPECTED:
            return True
    return False


def _appointed(appointee: Sequence[str], followers: records.Receivers) -> records.Receivers:
    """Return the ways of the followers, chats left out, with the appointed people in them."""
    people = list(dict.fromkeys(appointee))
    ways = (way for way in followers if people and way not in CHAT_WAYS)
    return {way: [people] if way == VOICE else list(people) for way in ways}


def _quieter(mains: records.Receivers) -> records.Receivers:
    """Return the receivers with those of voice moved to the best quieter way there is, else to SMS."""
    calls = mains.get(VOICE)
    if not calls:
        return mains
    rest = {way: list(found) for way, found in mains.items() if way != VOICE}
    way = next((way for way in _QUIETER_WAYS if way in rest), _QUIETER_WAYS[0])
    add(rest, way, (person for call in calls for person in call))
    return rest
