"""One document or more of every kind, every field at work: what the tests of whole books start from."""

FULL = {
    "strategies": [
        {
            "id": 1, "name": "CPU usage", "bk_biz_id": 2, "scenario": "os", "labels": ["TEST", 1], "priority": 3,
            "priority_group_key": "cpu",
            "items": [
                {
                    "id": 1, "name": "cpu",
                    "query_configs": [{"metric_id": "bk.cpu.idle", "agg_dimension": ["ip"], "agg_condition": [{"key": "a", "value": ["b"]}], "unit": "%"}],
                    "algorithms": [{"type": "Threshold", "level": 2, "config": [[{"method": "gte", "threshold": 5}]]}],
                    "target": [[{"field": "ip", "method": "eq", "value": [{"ip": "10.0.0.1", "bk_cloud_id": 0}]}], [{"field": "dynamic_group", "value": ["g1"]}]],
                    "no_data_config": {"is_enabled": True, "continuous": 3},
                }
            ],
            "detects": [
                {
                    "level": 2,
                    "trigger_config": {"count": 2, "uptime": {"time_ranges": [{"start": "08:00", "end": "20:00"}], "calendars": [1]}},
                    "recovery_config": {"status_setter": "close"},
                }
            ],
            "notice": {
                "id": 1, "user_groups": ["ops", "db"], "signal": ["abnormal", "ack"],
                "options": {"upgrade_config": {"is_enabled": True, "user_groups": ["db"]}, "exclude_notice_ways": {"closed": ["SMS"]}},
                "config": {"template": [{"signal": "abnormal", "title_tmpl": "{{ alert.name }}"}]},
            },
            "actions": [
                {"id": 11, "signal": ["abnormal"], "config": {"url": "http://a.example/", "headers": {"X-A": "b"}}},
                {"id": 12, "plugin_type": "message_queue", "config": {"dsn": "redis://q:6379/0/k"}},
            ],
        },
        {"id": 2, "name": "event only", "timeout": 600, "is_enabled": False},
    ],
    "shields": [
        {
            "id": 1, "bk_biz_id": 2, "begin_time": "2026-01-01 00:00:00", "end_time": "2027-01-01T00:00:00+08:00",
            "dimension_config": {"strategy_id": [1], "level": [2], "dimension_conditions": [{"key": "ip", "method": "reg", "value": ["^10"]}]},
            "cycle_config": {"type": 3, "begin_time": "22:00:00", "end_time": "06:00:00", "week_list": [6, 7]},
            "notice_config": {"notice_way": ["mail"], "notice_receiver": ["user#alice", "group#dba"]},
        },
        {"id": 2, "category": "scope", "scope_type": "dynamic_group", "dimension_config": {"dynamic_group": ["g1"]}},
    ],
    "inhibits": [
        {"id": 1, "bk_biz_id": 2, "source": [{"key": "alert.name", "value": ["Host down"]}], "target": [{"field": "level", "value": [2, 3]}], "equal": ["instance"]},
        {"id": 2, "source": [{"field": "dynamic_group", "value": ["g1"]}], "target": [{"field": "team", "method": "reg", "value": ["^db"]}], "is_enabled": False},
    ],
    "dispatch": [
        {
            "id": 1, "name": "by host", "priority": 5,
            "rules": [
                {
                    "id": 1, "conditions": [{"field": "tags.device", "value": ["cpu0"]}, {"field": "ip", "value": ["a"], "condition": "or"}],
                    "user_groups": ["ops"], "alert_severity": 1, "additional_tags": [{"key": "team", "value": "db"}],
                    "actions": [{"upgrade_config": {"is_enabled": True, "user_groups": ["db"]}}],
                }
            ],
        }
    ],
    "user_groups": [
        {"id": "ops", "name": "Ops", "users": ["alice", {"type": "group", "id": "operator"}], "ways": ["MAIL", "voice"]},
        {
            "id": "db", "name": "DB", "need_duty": True, "duty_rules": [1], "timezone": "Europe/Berlin", "channels": ["user"],
            "mention_list": [{"type": "group", "id": "all"}],
            "alert_notice": [{"time_range": "08:00--20:00", "notify_config": [{"level": 1, "notice_ways": [{"name": "wxwork-bot", "receivers": ["chat1"]}]}]}],
        },
    ],
    "duties": [
        {
            "id": 1, "name": "week", "category": "handoff", "effective_time": "2026-01-01 00:00:00",
            "duty_arranges": [
                {
                    "duty_time": [{"work_type": "weekly", "work_days": [1, 5], "work_time": ["09:00--18:00"], "period_settings": {"duration": 7}}],
                    "duty_users": [["alice"], [{"type": "group", "id": "dba"}]],
                }
            ],
        }
    ],
    "calendars": [{"id": 1, "name": "holidays", "items": [{"name": "new year", "start_time": "2026-01-01 00:00:00", "repeat": {"freq": "year"}}]}],
    "users": [{"id": "alice", "name": "Alice", "mail": "alice@example.org", "phone": "+49"}],
    "businesses": [{"id": 2, "name": "shop", "time_zone": "Asia/Shanghai", "language": "zh", "roles": {"dba": ["bob"]}}],
    "circuit_breaking": [{"id": 1, "module": "action", "conditions": [{"key": "strategy_id", "value": ["9"]}]}],
    "channels": [{"way": "mail", "host": "mx", "sender": "a@b.example", "password": {"env": "PW"}}, {"way": "slack", "url": {"file": "/run/s"}}],
    "sources": [
        {
            "id": "nagios", "each": "checks", "when": "hard",
            "event": {
                "alert_name": "service", "severity": {"path": "state", "words": {"CRITICAL": 1, 2: "warning"}, "default": 3},
                "tags_from": "labels", "tags": {"host": {"label": "node"}}, "extra_info": {"more": {"value": [1]}}, "dedupe_except": ["x"],
            },
            "tests": [{"name": "one", "input": {"checks": []}, "at": 5}, {"name": "two", "input": 5, "refused": "object"}],
        },
        {"id": "x", "format": "prometheus", "is_enabled": False, "event": {"target": "tags.cluster"}},
    ],
    "hosts": [{"bk_host_id": n, "ip": f"10.0.0.{n}", "topo": ["module|28"], "attributes": {"b": 1, "a": [2]}} for n in (1, 2, 3)],
    "service_instances": [{"id": 123, "name": "nginx", "bk_host_id": 1}],
    "topology": [{"bk_obj_id": "set", "bk_inst_id": 26}, {"bk_obj_id": "module", "bk_inst_id": 28, "name": "web", "parent": "set|26"}],
    "dynamic_groups": [{"id": "g1", "host_ids": [1, 2]}],
    "tests": [{"name": "one", "events": [{"at": 0, "event_id": "e"}], "until": 60, "expect": {"alerts": [{"status": "ABNORMAL"}]}}],
}  # fmt: skip
