-- Microseconds since 1970, by the one clock that all processes share. Exact until the year 2112.
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
