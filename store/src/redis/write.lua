-- Writes one record, or nothing at all.
-- ARGV: expectation, version seen, schema, ttl in ms or '', renew, replace, bump, number of
-- indexes, (index, its entry or '')*, operations. A write that `quick.lua` did not do arrives here
-- too, in its form: a save of a record of an older schema is done, any other is refused.

local key = KEYS[1]
local expect, seen, mine, ttl = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]

local version, schema = look(key)
if not version and redis.call('EXISTS', key) == 1 then return {'foreign'} end
local dead = schema == '-'
local there = version and not dead
if there and not tonumber(schema) then return {'foreign'} end
-- Of a record of an older schema: the quick script leaves it to this one, in few words.
if expect == 'save' then
  seen = string.match(seen, '^%d+')
  if there and version == seen and tonumber(schema) < mine then
    redis.call('HSET', key, unpack(ARGV, 5))
    if ttl == '-' then redis.call('PERSIST', key) elseif ttl ~= '' then redis.call('PEXPIRE', key, ttl) end
    return ARGV[6]
  end
end

local fine
if expect == 'any' then fine = true
elseif expect == 'present' or expect == 'patch' or expect == 'count' then fine = there
elseif expect == 'absent' then fine = not there
elseif expect == 'since' then fine = not there and (not version or version == seen)
else fine = there and version == seen end
if not fine then
  if there then return {'refused', redis.call('HGETALL', key)} end
  return {'nothing', version or '0'}
end
if there then
  local theirs = tonumber(schema)
  local part = expect ~= 'any' and expect ~= 'version'
  if theirs > mine or (part and theirs ~= mine) then return {'schema', schema} end
end
local renew, replace, bump = ARGV[5] == '1', ARGV[6] == '1', ARGV[7] == '1'
if there and tonumber(schema) < mine and expect == 'any' then replace = true end
local first = 9 + 2 * tonumber(ARGV[8])

-- The first pass changes counters, which can still fail, and learns what a replacement keeps.
local counters, done, keep, start = {}, {}, {}, {}
local function refuse(answer)
  for _, back in ipairs(done) do
    if back[2] then redis.call('HSET', key, back[1], back[2]) else redis.call('HDEL', key, back[1]) end
  end
  return answer
end
local i = first
while i <= #ARGV do
  local op, name = ARGV[i], ARGV[i + 1]
  if op == 'init' then
    keep[name] = true
    start[name] = ARGV[i + 2]
    if there then redis.call('HSETNX', key, name, ARGV[i + 2]) end
    i = i + 3
  elseif op == 'add' then
    local by, min, max = ARGV[i + 2], tonumber(ARGV[i + 3]), tonumber(ARGV[i + 4])
    keep[name] = true
    if there then
      local before = redis.call('HGET', key, name)
      local now = redis.pcall('HINCRBY', key, name, by)
      if type(now) == 'table' then
        if string.find(now.err, 'overflow') then return refuse({'range', name}) end
        if string.find(now.err, 'not an integer') then return refuse({'foreign'}) end
        return refuse(now)
      end
      table.insert(done, 1, {name, before})
      if now < min or now > max then return refuse({'range', name}) end
      table.insert(counters, redis.call('HGET', key, name))
    else
      local now = tonumber(start[name] or '0') + tonumber(by)
      if now < min or now > max then return {'range', name} end
    end
    i = i + 5
  elseif op == 'set' then i = i + 3
  else i = i + 2 end
end

-- Everything that is set goes into one command.
local put, drop = {}, {}
if there then
  if bump or replace then version = number(version + 1) end
  if bump or replace or tonumber(schema) ~= mine then put = {'@', version .. ' ' .. ARGV[3]} end
  if replace then
    for _, name in ipairs(redis.call('HKEYS', key)) do
      if string.sub(name, 1, 1) ~= '@' and not keep[name] then drop[#drop + 1] = name end
    end
  end
else
  -- Versions go on from the tombstone, and from the clock where there is none.
  local t = redis.call('TIME')
  local fresh = t[1] * 1000000 + t[2]
  if version and tonumber(version) >= fresh then fresh = version + 1 end
  version = number(fresh)
  if dead then redis.call('DEL', key) end
  put = {'@', version .. ' ' .. ARGV[3]}
end

i = first
while i <= #ARGV do
  local op, name = ARGV[i], ARGV[i + 1]
  if op == 'set' or (op == 'init' and not there) then
    put[#put + 1] = name
    put[#put + 1] = ARGV[i + 2]
    i = i + 3
  elseif op == 'unset' then
    drop[#drop + 1] = name
    i = i + 2
  elseif op == 'init' then i = i + 3
  else i = i + 5 end
end
-- Lua passes a limited number of arguments at a time.
for from = 1, #drop, 1000 do
  redis.call('HDEL', key, unpack(drop, from, math.min(from + 999, #drop)))
end
for from = 1, #put, 1000 do
  redis.call('HSET', key, unpack(put, from, math.min(from + 999, #put)))
end

if not there then
  i = first
  while i <= #ARGV do
    local op, name = ARGV[i], ARGV[i + 1]
    if op == 'add' then
      local now = redis.pcall('HINCRBY', key, name, ARGV[i + 2])
      if type(now) == 'table' then
        redis.call('DEL', key)
        return {'range', name}
      end
      table.insert(counters, redis.call('HGET', key, name))
      i = i + 5
    elseif op == 'unset' then i = i + 2
    else i = i + 3 end
  end
end

if renew or not there then lifetime(key, ttl) end
for n = 9, first - 1, 2 do
  local slot, entry = '@i:' .. ARGV[n], ARGV[n + 1]
  local old = there and redis.call('HGET', key, slot)
  if entry == '' then entry = old end
  if old and old ~= entry then unlist(old, key) end
  if entry then
    if entry ~= old then redis.call('HSET', key, slot, entry) end
    if entry ~= old or renew then enlist(entry, key, ending(key)) end
  end
end
return {'written', version, counters}
