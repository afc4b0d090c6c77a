-- Writes one record, or nothing at all.
-- ARGV: expectation, version seen, schema, ttl in ms or '', renew, replace, bump, number of
-- indexes, (index, its entry or '')*, operations: 'set', name, text; 'pack', fields that lie together;
-- 'unset', name; 'gather' what earlier writes have set apart; 'init', counter, start; 'add', counter, by,
-- least, most. A write of a part that `quick.lua` did not do arrives here too,
-- in its form, and is refused.

local key = KEYS[1]
local expect, seen, mine, ttl = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]

local version, schema = look(key)
if not version and redis.call('EXISTS', key) == 1 then return {'foreign'} end
local dead = schema == '-'
local there = version and not dead
if there and not tonumber(schema) then return {'foreign'} end
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
local width = {set = 3, unset = 2, pack = 2, gather = 1, init = 3, add = 5}
local packed = there and redis.call('HGET', key, '@f')

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
    if packed then set_apart(key, packed, name) end
    if there then redis.call('HSETNX', key, name, ARGV[i + 2]) end
  elseif op == 'add' then
    local by, min, max = ARGV[i + 2], tonumber(ARGV[i + 3]), tonumber(ARGV[i + 4])
    keep[name] = true
    if packed then set_apart(key, packed, name) end
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
  end
  i = i + width[op]
end

-- Everything that is set goes into one command.
local put, drop = {}, {}
if there then
  if bump or replace then version = number(version + 1) end
  if bump or replace or tonumber(schema) ~= mine then put = {'@', version .. ' ' .. ARGV[3]} end
  if replace then
    for _, name in ipairs(redis.call('HKEYS', key)) do
      if name == '@f' or string.sub(name, 1, 1) ~= '@' and not keep[name] then drop[#drop + 1] = name end
    end
    packed = nil
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

local given, other, gather = '', {}, false
i = first
while i <= #ARGV do
  local op, name = ARGV[i], ARGV[i + 1]
  if op == 'set' or (op == 'init' and not there) then
    put[#put + 1] = name
    put[#put + 1] = ARGV[i + 2]
  elseif op == 'unset' then
    drop[#drop + 1] = name
    other[name] = true
  elseif op == 'pack' then
    given = name
    for name in each(given) do
      if there then drop[#drop + 1] = name end
      other[name] = true
    end
  elseif op == 'gather' then gather = true
  end
  i = i + width[op]
end
-- What lies together and is neither set nor dropped stays, known to the caller or not.
if next(other) or gather and packed then
  local stay = {}
  for name, text in each(packed) do
    local apart = gather and not other[name] and redis.call('HGET', key, name)
    if apart and #apart <= 256 and not string.find(apart, '%z') then
      drop[#drop + 1] = name
      text, apart = apart, nil
    end
    if not other[name] and not apart then stay[#stay + 1] = pack(name, text) end
  end
  stay[#stay + 1] = given
  stay = table.concat(stay)
  if stay ~= '' then
    put[#put + 1] = '@f'
    put[#put + 1] = stay
  elseif packed then drop[#drop + 1] = '@f'
  end
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
    end
    i = i + width[op]
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
