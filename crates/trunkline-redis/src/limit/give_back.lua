-- Gives back ARGV[4] tokens that were taken at ARGV[5] and not spent, less what was refilled since:
-- a bucket that was full in the meantime would not have kept that, and others may have spent it.
local tokens, at = tonumber(ARGV[4]), tonumber(ARGV[5])
if not is_kept or is_changed or now < at then
  return 0
end
local back = math.min(missing, tokens * unit - (now - at) * refill)
if back <= 0 then
  return 0
end
missing = missing - back
keep()
return math.floor(back / unit)
