-- What most writes of a part are, before any function is made: some fields of any record, or one counter.
-- Where the record is not like that, the long script behind this one says what it is.
-- ARGV: 'patch' or 'count', '', schema, ttl in ms or '-' for none or '' to leave it, then (name, text)* for
-- a patch, and name, by, least, most for a counter.

local args, call = ARGV, redis.call
local quick = args[1]
if quick == 'patch' or quick == 'count' then
  local key = KEYS[1]
  local answer
  if quick == 'patch' then
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
      if not found[2] then
        -- An ordinary field that became a counter.
        for other, text in string.gmatch(call('HGET', key, '@f') or '', '(%Z*)%z(%Z*)%z') do
          if other == name then call('HSET', key, name, text) end
        end
      end
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
