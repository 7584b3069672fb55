-- Keeps the value ARGV[1] in KEYS[1] for ARGV[2] ms, unless one of its labels was forgotten since
-- ARGV[3], when the call began that brought it. The next ARGV[5] keys tell when that was. The keys
-- after them are the indexes of its labels, which get its name ARGV[4] and lose a few that are over.
-- Nobody remembers what was forgotten more than ARGV[6] microseconds ago, so no call may be older.
local keep, began, barriers = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[5])
if tonumber(ARGV[6]) <= now - began then
  return 0
end
for i = 2, 1 + barriers do
  local forgotten = redis.call('GET', KEYS[i])
  if forgotten and began <= tonumber(forgotten) then
    return 0
  end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
local ms = math.floor(now / 1000)
for i = 2 + barriers, #KEYS do
  local index = KEYS[i]
  local over = redis.call('ZRANGEBYSCORE', index, '-inf', string.format('%.0f', ms), 'LIMIT', 0, 4)
  if #over > 0 then
    redis.call('ZREM', index, unpack(over))
  end
  redis.call('ZADD', index, string.format('%.0f', ms + keep), ARGV[4])
  if redis.call('PTTL', index) < keep then
    redis.call('PEXPIRE', index, ARGV[2])
  end
end
return 1
