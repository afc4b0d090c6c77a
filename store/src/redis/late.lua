-- A save that `save.lua` did not do: one of a record of an older schema is done, any other refused.

local seen, mine = string.match(ARGV[1], '^(%d+) (%d+)$')
local version, schema = look(key)
if not version and redis.call('EXISTS', key) == 1 then return {'foreign'} end
if not version or schema == '-' then return {'nothing', version or '0'} end
if not tonumber(schema) then return {'foreign'} end
if version ~= seen then return {'refused', redis.call('HGETALL', key)} end
if tonumber(schema) > tonumber(mine) then return {'schema', schema} end
redis.call('HSET', key, unpack(ARGV, 3))
local ttl = ARGV[2]
if ttl == '-' then redis.call('PERSIST', key) elseif ttl ~= '' then redis.call('PEXPIRE', key, ttl) end
return ARGV[4]
