-- Shared by the other scripts. A record is a hash: `@` is the version and the schema, as in `17 2`, `@f`
-- are the fields that lie together (name, zero byte, text, zero byte, and so on), a field apart has
-- its own name and counts more than one of this name in `@f`, and `@i:NAME` is the key of the index
-- entry it has. Counters are always apart. A tombstone has `@` alone, as in `18 -`.
-- An index is two sorted sets: the keys in the order of their bytes, and under `~x` by their end.

local function now_ms()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

local function number(n)
  return string.format('%.0f', n)
end

local function unlist(index, key)
  redis.call('ZREM', index, key)
  redis.call('ZREM', index .. '~x', key)
end

-- An index drops a few expired members at each write and lives as long as its last member.
local function enlist(index, key, at)
  local ends = index .. '~x'
  redis.call('ZADD', index, 0, key)
  redis.call('ZADD', ends, at, key)
  local gone = redis.call('ZRANGEBYSCORE', ends, '-inf', '(' .. number(now_ms()), 'LIMIT', 0, 16)
  for _, member in ipairs(gone) do unlist(index, member) end
  local last = redis.call('ZRANGE', ends, 0, 0, 'REV', 'WITHSCORES')[2]
  if last == 'inf' then
    redis.call('PERSIST', index)
    redis.call('PERSIST', ends)
  elseif last then
    redis.call('PEXPIREAT', index, number(last + 1))
    redis.call('PEXPIREAT', ends, number(last + 1))
  end
end

-- When a record ends, as a score.
local function ending(key)
  local at = redis.call('PEXPIRETIME', key)
  if at < 0 then return '+inf' end
  return number(at)
end

-- Version and schema; a tombstone's schema is `-`. Nothing where there is nothing of ours.
local function look(key)
  return string.match(redis.call('HGET', key, '@') or '', '^(%d+) ([%d-]+)$')
end

local function live(key)
  local _, schema = look(key)
  return schema and schema ~= '-'
end

local function lifetime(key, ttl)
  if ttl == '' then redis.call('PERSIST', key) else redis.call('PEXPIRE', key, ttl) end
end

-- The fields that lie together in a text.
local function each(packed)
  return string.gmatch(packed or '', '(%Z*)%z(%Z*)%z')
end

local function pack(name, text)
  return name .. '\0' .. text .. '\0'
end

-- A counter that was an ordinary field before.
local function set_apart(key, packed, counter)
  for name, text in each(packed) do
    if name == counter then redis.call('HSETNX', key, name, text) end
  end
end
