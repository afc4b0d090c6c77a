-- What most writes are, before any function is made: some fields of a record that is as it was
-- loaded, some fields of any record, or one counter. Where the record is not like that, the long
-- script behind this one says what it is.
-- ARGV: 'save', 'patch' or 'count', what `@` was, schema, ttl in ms or '-' for none or '' to leave it,
-- then '@', what it becomes and (name, text)* for a save, (name, text)* for a patch, and name, by,
-- least, most for a counter.

local args, call = ARGV, redis.call
local quick = args[1]
if quick == 'save' or quick == 'patch' or quick == 'count' then
  local key = KEYS[1]
  local answer
  if quick == 'save' then
    local meta = call('HGET', key, '@')
    if meta == args[2] then
      call('HSET', key, unpack(args, 5))
      answer = args[6]
    end
  elseif quick == 'patch' then
    local version, schema = string.match(call('HGET', key, '@') or '', '^(%d+) (%d+)$')
    if schema == args[3] then
      answer = string.format('%.0f', version + 1)
      call('HSET', key, '@', answer .. ' ' .. schema, unpack(args, 5))
    end
  else
    local name, by = args[5], args[6]
    local found = call('HMGET', key, '@', name)
    local version, schema = string.match(found[1] or '', '^(%d+) (%d+)$')
    if schema == args[3] then
      local now = redis.pcall('HINCRBY', key, name, by)
      if type(now) == 'table' then
        if string.find(now.err, 'overflow') then return {'range', name} end
        if string.find(now.err, 'not an integer') then return {'foreign'} end
        return now
      end
      if now < tonumber(args[7]) or now > tonumber(args[8]) then
        if found[2] then call('HSET', key, name, found[2]) else call('HDEL', key, name) end
        return {'range', name}
      end
      -- Past this Lua rounds.
      if now > 9007199254740991 or now < -9007199254740991 then now = call('HGET', key, name) end
      answer = {'written', version, {now}}
    end
  end
  if answer then
    local ttl = args[4]
    if ttl == '-' then call('PERSIST', key) elseif ttl ~= '' then call('PEXPIRE', key, ttl) end
    return answer
  end
end
