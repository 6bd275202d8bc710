"""The Lua scripts of the shared store: each is one step that nothing comes between.

`adapters/sharing/redis_store.py` and `adapters/sharing/redis_keys.py` run them. The names of keys all begin with
the store's own prefix, in braces, so that they stand together where servers are sharded.

| key | holds |
| --- | --- |
| `{p}:1:e:` + an entry's key | a hash: `v` the value, `t` its tags, each 16 bytes and its mark of 17 bytes |
| `{p}:1:t:` + 16 bytes | the mark of a tag, an entry's key or everything: `c` or `d`, and a moment of 16 digits |
| `{p}:1:m` | the moment of the last drop |
| `{p}:1:k:` + a change's key | a hash: `p` the payload's digest, `a` the answer, `b` who makes it, `u` until when |

An entry holds as long as the marks of all its tags are there and are those that it was put with; its own key is
one of them. A drop writes new marks (`d`), so that it costs no more for a thousand entries than for one, and a
server that forgets keys for want of memory can forget entries, never that they were dropped. What is put finds marks,
or makes them (`c`); it is refused where a mark tells of a drop that its giver had not heard of when it gave it. A
moment is microseconds since 1970 on the server's clock, and always more than the one before.
"""

from __future__ import annotations

from typing import Final

from adapters.sharing.redis_client import Script

MARK: Final = 17
"""Bytes of a mark."""
TAG: Final = 16
"""Bytes of a tag's name."""

_MOMENT: Final = """
local function moment(last)
  local time = redis.call('TIME')
  return math.max((tonumber(last) or 0) + 1, time[1] * 1000000 + time[2])
end
"""

GET: Final = Script(
    "get",
    """
-- KEYS: entries. ARGV[1]: what precedes marks. Answers for each {value, tags, milliseconds left}, or false.
local found = {}
for i, key in ipairs(KEYS) do
  local entry = redis.call('HMGET', key, 'v', 't')
  found[i] = false
  if entry[1] and entry[2] then
    local names, marks = {}, {}
    for at = 1, #entry[2], 33 do
      names[#names + 1] = ARGV[1] .. string.sub(entry[2], at, at + 15)
      marks[#marks + 1] = string.sub(entry[2], at + 16, at + 32)
    end
    local now = redis.call('MGET', unpack(names))
    local holds = true
    for n, mark in ipairs(marks) do
      holds = holds and now[n] == mark
    end
    if holds then
      found[i] = {entry[1], entry[2], redis.call('PTTL', key)}
    else
      redis.call('UNLINK', key)
    end
  end
end
return found
""",
)

PUT: Final = Script(
    "put",
    _MOMENT
    + """
-- KEYS: the last moment, the entry, the marks of its tags. ARGV: value, milliseconds, the last drop heard of, the
-- tags. Answers 1 where it was put.
local seen = tonumber(ARGV[3])
local known = redis.call('MGET', unpack(KEYS, 3))
local tags, made = {}, nil
for i = 3, #KEYS do
  local mark = known[i - 2]
  if not mark then
    made = made or string.format('c%016.0f', moment(redis.call('GET', KEYS[1])))
    mark = made
  elseif string.sub(mark, 1, 1) == 'd' and tonumber(string.sub(mark, 2)) > seen then
    redis.call('UNLINK', KEYS[2])
    return 0
  end
  tags[#tags + 1] = ARGV[i + 1] .. mark
end
-- First, since a server without memory refuses a script's first change, and lets through what follows.
redis.call('HSET', KEYS[2], 'v', ARGV[1], 't', table.concat(tags))
redis.call('PEXPIRE', KEYS[2], ARGV[2])
for i = 3, #KEYS do
  if not known[i - 2] then
    redis.call('SET', KEYS[i], made, 'PX', ARGV[2])
  elseif redis.call('PTTL', KEYS[i]) < tonumber(ARGV[2]) then
    redis.call('PEXPIRE', KEYS[i], ARGV[2])
  end
end
return 1
""",
)

DROP: Final = Script(
    "drop",
    _MOMENT
    + """
-- KEYS: the last moment, then marks. ARGV: milliseconds for which a mark is kept, the channel, what is told there.
-- Answers the moment, in text.
local now = string.format('%016.0f', moment(redis.call('GET', KEYS[1])))
-- A server without memory lets this through, and then all that follows: what is not fresh any more must go.
redis.call('UNLINK', KEYS[1])
redis.call('SET', KEYS[1], now)
for i = 2, #KEYS do
  redis.call('SET', KEYS[i], 'd' .. now, 'PX', ARGV[1])
end
redis.call('PUBLISH', ARGV[2], now .. ARGV[3])
return now
""",
)

LAST: Final = Script(
    "last",
    """
-- KEYS: the last moment. Answers it, in text.
return redis.call('GET', KEYS[1]) or '0'
""",
)

CLAIM: Final = Script(
    "claim",
    """
-- KEYS: the change. ARGV: its payload's digest, who claims it, milliseconds of the lease, and for which the key is
-- known. Answers {'other'}, {'answer', it}, {'busy', milliseconds} or {'mine', 1 where nothing was known}.
local known = redis.call('HMGET', KEYS[1], 'p', 'a', 'b', 'u')
if known[1] and known[1] ~= ARGV[1] then
  return {'other'}
end
if known[2] then
  return {'answer', known[2]}
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if known[3] and tonumber(known[4]) > now then
  return {'busy', tonumber(known[4]) - now}
end
redis.call('HSET', KEYS[1], 'p', ARGV[1], 'b', ARGV[2], 'u', string.format('%.0f', now + ARGV[3]))
redis.call('PEXPIRE', KEYS[1], math.max(ARGV[3], ARGV[4]))
return {'mine', known[1] and 0 or 1}
""",
)

LAND: Final = Script(
    "land",
    """
-- KEYS: the change. ARGV: its payload's digest, who claimed it, milliseconds for which the key is known, 1 to forget
-- it, the answer if there is one.
local by = redis.call('HGET', KEYS[1], 'b')
if ARGV[5] then
  redis.call('HSET', KEYS[1], 'p', ARGV[1], 'a', ARGV[5])
  redis.call('HDEL', KEYS[1], 'b', 'u')
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
elseif by == ARGV[2] then
  if ARGV[4] == '1' then
    redis.call('UNLINK', KEYS[1])
  else
    redis.call('HDEL', KEYS[1], 'b', 'u')
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
  end
end
return 1
""",
)
