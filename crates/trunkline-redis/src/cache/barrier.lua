-- From now on no value is kept whose call began before, for ARGV[1] ms, which no call outlasts. Where
-- a value is named, it is removed.
redis.call('SET', KEYS[1], string.format('%.0f', now), 'PX', ARGV[1])
if KEYS[2] then
  return redis.call('UNLINK', KEYS[2])
end
return 0
