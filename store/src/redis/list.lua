-- The keys of an index in order, and how many there are. ARGV: after or '', limit.

local index = KEYS[1]
local ends = index .. '~x'
local now = number(now_ms())
local gone = redis.call('ZRANGEBYSCORE', ends, '-inf', '(' .. now, 'LIMIT', 0, 1000)
for _, member in ipairs(gone) do unlist(index, member) end
if ARGV[2] == '0' then return redis.call('ZCOUNT', ends, now, '+inf') end
local after = ARGV[1] == '' and '-' or '(' .. ARGV[1]
return redis.call('ZRANGE', index, after, '+', 'BYLEX', 'LIMIT', 0, ARGV[2])
