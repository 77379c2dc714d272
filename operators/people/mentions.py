"""Who is mentioned in a group's chats (spec/notices.md 6.5)."""

from operators.people.roles import Situation, people_named
from operators.rules.shapes.model import UserGroup, UserRef

EVERYONE = UserRef(type="group", id="all")
"""In a list of mentions: the people of the group now."""
_CHAT_CHANNEL = "wxwork-bot"


def mentioned(group: UserGroup, people: list[str], situation: Situation) -> list[str]:
    """Return whom to mention: those listed, else everyone, unless the group's channels leave chats out."""
    if not group.mention_list:
        return people if not group.channels or _CHAT_CHANNEL in group.channels else []
    named: dict[str, None] = {}
    for entry in group.mention_list:
        named.update(dict.fromkeys(people if entry == EVERYONE else people_named((entry,), situation)))
    return list(named)
