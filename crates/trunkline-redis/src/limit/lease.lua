-- Takes up to ARGV[4] tokens, or none if fewer than ARGV[5] are there; then says how many
-- microseconds it takes until they are.
local want, at_least = tonumber(ARGV[4]), tonumber(ARGV[5])

-- What was spent without asking is charged first: ARGV[6] tokens in all, of which ARGV[7] need not be
-- any more. KEYS[2] knows how many of them were, since an answer that says so may have been lost.
if KEYS[2] then
  local spent, charged = tonumber(ARGV[6]), tonumber(ARGV[7])
  charged = math.max(charged, tonumber(redis.call('GET', KEYS[2]) or '') or 0)
  if charged < spent then
    -- More than the bucket holds may be missing then; within reason, and below 2^53.
    local most = math.min(9007199254740992, 2 * full + 10000000 * refill)
    missing = math.max(missing, math.min(most, missing + (spent - charged) * unit))
    is_changed = true
    redis.call('SET', KEYS[2], string.format('%.0f', spent), 'PX', 600000)
  end
end

local taken = math.min(want, math.floor((full - missing) / unit))
local wait = 0
if taken < at_least then
  taken = 0
  wait = math.ceil((missing + at_least * unit - full) / refill)
end
missing = missing + taken * unit
if taken > 0 or is_changed then
  keep()
end
return {taken, wait, now, math.max(0, math.floor((full - missing) / unit))}
