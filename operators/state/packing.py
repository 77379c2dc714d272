"""The bytes of a state: msgpack, packed with a dictionary of what states have in common, to a fifth or so.

Every snapshot writes the bytes of every state of the slots that changed, and a job keeps them at hand; so what they
take counts more than the few microseconds that packing one takes.
"""

import msgspec
import zstandard

from operators.state.state import State

COMMON = r"""
{"dedupe_md5": "5d9764839d49264bcd00f9c60cefd34e", "generation": 1700000007, "touched": 1700000087, "alert": {
"id": "17000000075d8442624f9d", "seq_id": "5d8442624f9d", "bk_tenant_id": "system", "dedupe_md5":
"5d9764839d49264bcd00f9c60cefd34e", "strategy_id": "163", "bk_biz_id": 2, "alert_name": "CPU usage", "status":
"ABNORMAL", "severity": 2, "event": {"id": "9dac273d933bf6934e8c496b90371371", "event_id": "e8763", "plugin_id":
"bkmonitor", "strategy_id": "163", "alert_name": "CPU usage", "description": "", "severity": 2, "data_type":
"time_series", "tags": [{"key": "device", "value": "cpu0"}, {"key": "instance", "value": ""}, {"key": "severity",
"value": "warning"}], "target_type": "HOST", "target": "10.0.2.251|0", "assignee": [], "status": "ABNORMAL", "metric":
["system.cpu"], "category": "other_rt", "dedupe_keys": ["alert_name", "target_type", "target", "tags.device"],
"dedupe_md5": "5d9764839d49264bcd00f9c60cefd34e", "time": 1700000087, "anomaly_time": 1700000087, "until": 1700000087,
"create_time": 1700000087, "at": 1700000087, "bk_biz_id": 2, "ip": "10.0.2.251", "bk_cloud_id": 0, "bk_host_id": 764,
"bk_topo_node": ["module|28", "set|3", "biz|2"], "extra_info": {"annotations": {"summary": "", "description": "",
"runbook_url": "https://"}, "fingerprint": "", "generatorURL": "http://", "origin_alarm": {"data": {"values": {}}}}},
"create_time": 1700000007, "update_time": 1700000087, "begin_time": 1700000007, "end_time": null, "latest_time":
1700000087, "first_anomaly_time": 1700000007, "duration": 60, "labels": [], "dimensions": [{"key": "tags.device",
"value": "cpu0", "display_key": "device", "display_value": "cpu0"}, {"key": "ip", "value": "10.0.2.251",
"display_key": "Target IP", "display_value": "10.0.2.251"}, {"key": "bk_cloud_id", "value": 0, "display_key":
"Cloud ID", "display_value": 0}], "next_status": "CLOSED", "next_status_time": 1700003687, "is_blocked": false,
"is_shielded": false, "shield_id": [], "shield_left_time": 0, "is_handled": true, "handle_stage": ["handle"],
"is_ack": false, "ack_operator": null, "is_ack_noticed": false, "ack_duration": null, "assignee": ["alice", "bob"],
"appointee": ["alice", "bob"], "supervisor": [], "follower": [], "assign_tags": [], "incident_id": null, "issue_id":
null, "event_count": 5, "generation": 1700000007, "revision": 2, "rules_version": "ce87de2d856d", "extra_info": {
"agg_dimensions": ["device"], "strategy": {"id": "163", "name": "CPU usage"}, "cycle_handle_record": {"notice": {
"last_time": 1700000007, "is_shielded": false, "latest_anomaly_time": 1700000007, "execute_times": 1}}}}, "checks":
[[[1700000007, 2, true], [1700000027, 2, true]], [], null, null, false, false], "snapshot": [["m163"], [["ip"]], [""],
[2], false], "told": {"alert_id": "17000000075d8442624f9d", "notice_type": "normal", "main": {"mail": ["alice", "bob"]},
"followers": {}}, "flapping": {"times": [1700000007]}, "over": 1700000087, "grace": 1700000027, "ended_at": 1700000087,
"run": {"op_type": "CONVERGE", "reason": "repeated", "count": 1, "begin": 1700000087, "time": 1700000087, "event_id":
"9dac273d933bf6934e8c496b90371371", "event_time": 1700000087, "severity": 2, "description": ""}, "stale_since":
1700000087, "due": 1700001808, "rules": "ce87de2d856d", "newest": 1700000087, "openers": "", "recent": ""}
"""
"""A state like many. Part of the format: another text could not read what was packed with this one."""

LEVEL = -1
"""Of zstandard: the next one takes twice as long for a tenth less."""

DICTIONARY = zstandard.ZstdCompressionDict(
    msgspec.msgpack.encode(msgspec.json.decode(COMMON)), dict_type=zstandard.DICT_TYPE_RAWCONTENT
)
DICTIONARY.precompute_compress(level=LEVEL)

_encode, _decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(State).decode


class Packer:
    """Packs and unpacks states; not to be shared among threads."""

    __slots__ = ("_compress", "_decompress")

    def __init__(self) -> None:
        self._compress = zstandard.ZstdCompressor(level=LEVEL, dict_data=DICTIONARY, write_checksum=False).compress
        self._decompress = zstandard.ZstdDecompressor(dict_data=DICTIONARY).decompress

    def pack(self, state: State) -> bytes:
        """Return a state as bytes, themselves encoded as msgpack, without what is of this process alone."""
        asked, state.asked, state.packed = state.asked, None, b""
        packed = _encode(self._compress(_encode(state)))
        state.asked = asked
        return packed

    def unpack(self, packed: bytes) -> State:
        """Return a state from its bytes. Raises ZstdError and DecodeError."""
        return _decode(self._decompress(packed))
