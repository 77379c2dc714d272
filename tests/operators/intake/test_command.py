"""What became of a command is kept with all that it asked for."""

from operators.intake.command import outcome
from operators.model.command import Command


def test_the_document_of_an_ack_says_until_when_it_holds():
    command = Command("ack", operator="alice", alert_id="a1", until=1763900000)
    assert outcome(command, "commands:1", 5).until == 1763900000
    assert outcome(Command("ack", alert_id="a1"), "commands:2", 5).until is None
