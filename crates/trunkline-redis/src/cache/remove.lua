-- Removes up to 256 of the values that the index KEYS[1] names; ARGV[1] begins their keys. Says how
-- many it named, and how many there still were.
local names = redis.call('ZRANGE', KEYS[1], 0, 255)
if #names == 0 then
  return {0, 0}
end
local values = {}
for i, name in ipairs(names) do
  values[i] = ARGV[1] .. name
end
redis.call('ZREM', KEYS[1], unpack(names))
return {#names, redis.call('UNLINK', unpack(values))}
