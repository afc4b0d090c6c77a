-- Deletes one record and leaves a tombstone.
-- ARGV: expectation, version seen, life of the tombstone in ms, take, indexes.

local key = KEYS[1]
local version, schema = look(key)
if not version and redis.call('EXISTS', key) == 1 then return {'foreign'} end
if not version or schema == '-' then return {'nothing', version or '0'} end
if ARGV[1] == 'version' and version ~= ARGV[2] then
  return {'refused', redis.call('HGETALL', key)}
end
local record = {}
if ARGV[4] == '1' then record = redis.call('HGETALL', key) end
for n = 5, #ARGV do
  local entry = redis.call('HGET', key, '@i:' .. ARGV[n])
  if entry then unlist(entry, key) end
end
redis.call('DEL', key)
redis.call('HSET', key, '@', number(version + 1) .. ' -')
redis.call('PEXPIRE', key, ARGV[3])
return {'gone', record}
