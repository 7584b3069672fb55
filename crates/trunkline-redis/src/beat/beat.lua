-- Says that the process ARGV[1] is there, forgets those of whom nothing was heard for ARGV[2] ms, and
-- counts the rest. What processes tell each other lasts for ARGV[3] ms after the last one ended.
local ms = math.floor(now / 1000)
redis.call('ZADD', KEYS[1], string.format('%.0f', ms), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('(%.0f', ms - ARGV[2]))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return {redis.call('ZCARD', KEYS[1]), now}
