"""People as their provider knows them: names become contacts on the way out, and results go by names again."""

from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from operators.deliver.delivery import Results
from operators.model.records import Notice
from operators.rules.shapes.people import User
from operators.rules.shapes.ways import BY_NAME, Way
from sinks.channels.result import Channel

Users = Callable[[], Mapping[str, User]]
"""Returns the people of the rules in force, by id."""


class Addressed:
    """A channel whose people are named by their contacts. Who has none is named as the rules do."""

    def __init__(self, channel: Channel, way: Way, users: Users) -> None:
        self.channel = channel
        self._way, self._users = way, users

    def send(self, notice: Notice) -> Results:
        """Send to the contacts of the receivers; to chats, mention people by theirs."""
        users = self._users()
        mentions = {chat: [self._contact(name, users) for name in names] for chat, names in notice.mentions.items()}
        if self._way.chats:
            return self.channel.send(replace(notice, mentions=mentions))
        contacts = [self._contact(name, users) for name in notice.receivers]
        found = self.channel.send(replace(notice, receivers=tuple(dict.fromkeys(contacts)), mentions=mentions))
        return by_name(notice.receivers, contacts, found)

    def _contact(self, name: str, users: Mapping[str, User]) -> str:
        user = users.get(name)
        return (getattr(user, self._way.contact) if user is not None else "") or name


def by_name(names: Sequence[str], contacts: Sequence[str], found: Results) -> Results:
    """Return results under names; one that stands for all contacts, joined by commas, stands for all names."""
    joined = ",".join(dict.fromkeys(contacts))
    known = {name: found[contact] for name, contact in zip(names, contacts, strict=True) if contact in found}
    if not known and joined in found:
        return {",".join(names): found[joined]}
    return known


def addressed(channels: Mapping[str, Channel], ways: Sequence[str], users: Users) -> dict[str, Channel]:
    """Return the channels with those of the ways that have contacts addressed by them."""
    with_contacts = {way for way in ways if BY_NAME[way].contact}
    return {
        way: Addressed(channel, BY_NAME[way], users) if way in with_contacts else channel
        for way, channel in channels.items()
    }
