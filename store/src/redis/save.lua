-- What most saves are, before any function is made: some fields of a record that is as it was loaded.
-- Where it is not, the rest of the script says what it is.
-- ARGV: what `@` was, ttl in ms or '-' for none or '' to leave it, '@', what it becomes, (name, text)*.

local key, args, call = KEYS[1], ARGV, redis.call
if call('HGET', key, '@') == args[1] then
  call('HSET', key, unpack(args, 3))
  local ttl = args[2]
  if ttl == '-' then call('PERSIST', key) elseif ttl ~= '' then call('PEXPIRE', key, ttl) end
  return args[4]
end
