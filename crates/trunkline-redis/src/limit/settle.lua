-- What the bucket KEYS[1] misses of being full now, as the settings of this question see it:
-- ARGV[1] parts of a token, ARGV[2] parts that come back each microsecond, ARGV[3] tokens in all.
-- All are whole numbers below 2^53, so doubles hold them exactly.
local unit, refill, capacity = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local settings = ARGV[1] .. ' ' .. ARGV[2] .. ' ' .. ARGV[3]
local full = unit * capacity
local missing, is_kept, is_changed = 0, false, false
local kept = redis.call('GET', KEYS[1])
if kept then
  local was, at, was_settings = string.match(kept, '^(%d+) (%d+) (%d+ %d+ %d+)$')
  if was then
    local was_unit, was_refill = string.match(was_settings, '^(%d+) (%d+)')
    is_kept = true
    missing = math.max(0, tonumber(was) - math.max(0, now - at) * was_refill)
    -- A clock that was set back starts the refill anew, once; so it is not waited for.
    is_changed = now < tonumber(at)
    if settings ~= was_settings then
      -- What was taken is still taken, but nobody waits for more than an empty bucket. Rounded to
      -- more, so never in favor of whoever asks.
      is_changed = true
      if missing > 0 then
        missing = math.min(full, math.ceil(missing / was_unit * unit) + 1)
      end
    end
  else
    -- Not ours. The safe side is an empty bucket.
    missing, is_changed = full, true
  end
end

-- Kept for as long as it is not full, and a second, for what Redis rounds.
local function keep()
  local value = string.format('%.0f %.0f %s', missing, now, settings)
  local keep_ms = math.ceil(missing / refill / 1000) + 1000
  redis.call('SET', KEYS[1], value, 'PX', string.format('%.0f', keep_ms))
end
