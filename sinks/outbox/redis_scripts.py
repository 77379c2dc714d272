"""The Lua of the Redis outbox: one script an atomic step. KEYS[1] is any key of it, for the routing of a cluster."""

from sinks import redis_keys as keys

GROUP = "couriers"

KINDS = ("settle", "retry", "bury", "release")

FIELDS = ("lane", "attempt", "created", "due", "body", "results", "state", "error")
"""Of a notice's hash; beside them `entry`, its place in the stream of its lane.

`state`: waiting, held, lapsed (the hold ran out, nobody took it yet: its holder may still record), dead.
"""


def _prelude(prefix: str) -> str:
    """Return the local names of all keys, and the moves every script uses."""
    plain = (keys.LANES, keys.LATER, keys.HELD, keys.LIVE, keys.DEAD, keys.SETTLED, keys.RECEIPTS)
    names = [f"local {one.name} = {_quoted(one.key(prefix))}" for one in plain]
    names.append(f"local function notice(id) return {_quoted(keys.NOTICE.key(prefix, id=''))} .. id end")
    names.append(f"local function ready(lane) return {_quoted(keys.READY.key(prefix, lane=''))} .. lane end")
    return "\n".join([*names, f"local GROUP = '{GROUP}'", _MOVES])


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"


_MOVES = """
local call = redis.call
local function group(lane) redis.pcall('XGROUP', 'CREATE', ready(lane), GROUP, '0', 'MKSTREAM') end
local function enqueue(id, lane, state)
  if call('SADD', LANES, lane) == 1 then group(lane) end
  call('HSET', notice(id), 'state', state, 'entry', call('XADD', ready(lane), '*', 'id', id))
end
local function dequeue(id)
  local at = call('HMGET', notice(id), 'lane', 'entry')
  if at[1] and at[2] then
    redis.pcall('XACK', ready(at[1]), GROUP, at[2])
    call('XDEL', ready(at[1]), at[2])
  end
  return at[1]
end
local function requeue(id, from, state)
  call('ZREM', from, id)
  local lane = dequeue(id)
  if lane then enqueue(id, lane, state) end
end
local function holds(id, attempt)
  local is = call('HMGET', notice(id), 'state', 'attempt')
  return (is[1] == 'held' or is[1] == 'lapsed') and is[2] == attempt
end
"""

# arguments: now, then id, lane and body of each; answer: how many were new
_PUT = """
local now, new = ARGV[1], 0
for i = 2, #ARGV, 3 do
  local id, lane, body = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if not call('ZSCORE', SETTLED, id) and call('EXISTS', notice(id)) == 0 then
    call('HSET', notice(id), 'lane', lane, 'body', body, 'created', now, 'due', now)
    call('HSET', notice(id), 'attempt', 0, 'results', '', 'error', '')
    call('ZADD', LIVE, now, id)
    enqueue(id, lane, 'waiting')
    new = new + 1
  end
end
return new
"""

# arguments: now, until, most to move, then lane and room; answer: id, lane, attempt, created, body, results of each
_TAKE = """
local now, till, most = ARGV[1], ARGV[2], ARGV[3]
for from, state in pairs({[LATER] = 'waiting', [HELD] = 'lapsed'}) do
  for _, id in ipairs(call('ZRANGEBYSCORE', from, '-inf', now, 'LIMIT', 0, most)) do requeue(id, from, state) end
end
local taken = {}
for i = 4, #ARGV, 2 do
  local lane = ARGV[i]
  local reply = redis.pcall('XREADGROUP', 'GROUP', GROUP, 'courier', 'COUNT', ARGV[i + 1], 'STREAMS', ready(lane), '>')
  if reply and reply.err then group(lane) reply = false end
  for _, entry in ipairs(reply and reply[1][2] or {}) do
    local id = entry[2][2]
    local known = call('HMGET', notice(id), 'created', 'body', 'results', 'entry')
    if known[4] == entry[1] then
      local attempt = call('HINCRBY', notice(id), 'attempt', 1)
      call('HSET', notice(id), 'state', 'held', 'due', till)
      call('ZADD', HELD, till, id)
      taken[#taken + 1] = {id, lane, attempt, known[1], known[2], known[3]}
    else
      call('XACK', ready(lane), GROUP, entry[1])
      call('XDEL', ready(lane), entry[1])
    end
  end
end
return taken
"""

# arguments: until, then the id and attempt of each
_EXTEND = """
for i = 2, #ARGV, 2 do
  if holds(ARGV[i], ARGV[i + 1]) then
    if call('HGET', notice(ARGV[i]), 'state') == 'lapsed' then dequeue(ARGV[i]) end
    call('ZADD', HELD, ARGV[1], ARGV[i])
    call('HSET', notice(ARGV[i]), 'state', 'held', 'due', ARGV[1])
  end
end
"""

# arguments: now, horizon of settled ids, then kind, id, attempt, due, results, error, receipt of each
_RECORD = """
local now = ARGV[1]
local act = {}
function act.settle(id)
  for _, from in ipairs({LATER, HELD, LIVE, DEAD}) do call('ZREM', from, id) end
  call('DEL', notice(id))
  call('ZADD', SETTLED, now, id)
end
function act.retry(id, due, results, error)
  call('HSET', notice(id), 'state', 'waiting', 'due', due, 'results', results, 'error', error)
  call('ZADD', LATER, due, id)
end
function act.bury(id, due, results, error)
  call('HSET', notice(id), 'state', 'dead', 'due', now, 'results', results, 'error', error)
  call('ZREM', LIVE, id)
  call('ZADD', DEAD, now, id)
end
function act.release(id)
  call('HINCRBY', notice(id), 'attempt', -1)
  call('HSET', notice(id), 'due', now)
  enqueue(id, call('HGET', notice(id), 'lane'), 'waiting')
end
for i = 3, #ARGV, 7 do
  local kind, id, receipt = ARGV[i], ARGV[i + 1], ARGV[i + 6]
  local may = kind == 'settle' and call('EXISTS', notice(id)) == 1 or kind ~= 'settle' and holds(id, ARGV[i + 2])
  if may then
    dequeue(id)
    call('ZREM', HELD, id)
    act[kind](id, ARGV[i + 3], ARGV[i + 4], ARGV[i + 5])
    if receipt ~= '' then call('XADD', RECEIPTS, '*', 'body', receipt) end
  end
end
call('ZREMRANGEBYSCORE', SETTLED, '-inf', '(' .. ARGV[2])
"""

# arguments: now, then id and results of each; answer: how many were dead
_REVIVE = """
local now, count = ARGV[1], 0
for i = 2, #ARGV, 2 do
  local id = ARGV[i]
  if call('ZREM', DEAD, id) == 1 then
    call('HSET', notice(id), 'created', now, 'due', now, 'results', ARGV[i + 1])
    call('ZADD', LIVE, now, id)
    enqueue(id, call('HGET', notice(id), 'lane'), 'waiting')
    count = count + 1
  end
end
return count
"""

_BODIES = {
    "put": _PUT,
    "take": _TAKE,
    "extend": _EXTEND,
    "record": _RECORD,
    "revive": _REVIVE,
}


def scripts(prefix: str) -> dict[str, str]:
    """Return the scripts of the outbox under a prefix, by name."""
    prelude = _prelude(prefix)
    return {name: prelude + body for name, body in _BODIES.items()}
