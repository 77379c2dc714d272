"""The strict mappings know every field that a document can have: one they do not know would be refused."""

import msgspec
import pytest

from operators.model.alert import Alert
from operators.model.command import CommandDocument
from operators.model.event import Event, Tag
from operators.model.notice import NoticeDocument
from operators.model.records import Action, LogEntry, Receipt
from sinks.store.mappings import PROPERTIES, mapping, template


def fields(shape) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(shape)}


@pytest.mark.parametrize(
    ("shape", "properties", "more"),
    [
        (Alert, PROPERTIES["alert"], {"words", "people", "written"}),
        (Event, PROPERTIES["event"], set()),
        (Event, PROPERTIES["alert"]["event"]["properties"], set()),
        (Tag, PROPERTIES["event"]["tags"]["properties"], set()),
        (LogEntry, PROPERTIES["alert_log"], {"bk_biz_id"}),
        (Action, PROPERTIES["action"], {"people", "written"}),
        (Receipt, PROPERTIES["receipt"], set()),
        (NoticeDocument, PROPERTIES["notice"], {"written"}),
        (CommandDocument, PROPERTIES["command"], {"written"}),
    ],
)
def test_a_mapping_has_the_fields_of_its_record_and_no_others(shape, properties, more):
    assert set(properties) == fields(shape) | more


@pytest.mark.parametrize("kind", PROPERTIES)
def test_every_mapping_is_strict(kind):
    assert mapping(kind)["dynamic"] == "strict"


def test_the_template_of_alert_logs_comes_before_that_of_alerts_whose_pattern_covers_it():
    logs, alerts = (template(kind, "", 1, "0-1") for kind in ("alert_log", "alert"))
    assert (alerts["index_patterns"], logs["index_patterns"]) == (["alert_*"], ["alert_log_*"])
    assert logs["priority"] > alerts["priority"]
