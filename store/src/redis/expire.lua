-- Sets how long one record has left. ARGV: ttl in ms or '', indexes.

local key = KEYS[1]
if not live(key) then return 0 end
lifetime(key, ARGV[1])
if redis.call('EXISTS', key) == 0 then return 1 end
for n = 2, #ARGV do
  local entry = redis.call('HGET', key, '@i:' .. ARGV[n])
  if entry then enlist(entry, key, ending(key)) end
end
return 1
