-- Loads one record and begins its lifetime again. ARGV: ttl in ms, indexes.

local key = KEYS[1]
if live(key) then
  redis.call('PEXPIRE', key, ARGV[1])
  for n = 2, #ARGV do
    local entry = redis.call('HGET', key, '@i:' .. ARGV[n])
    if entry then enlist(entry, key, ending(key)) end
  end
end
return redis.call('HGETALL', key)
