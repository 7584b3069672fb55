-- Takes up to ARGV[4] tokens, or none if fewer than ARGV[5] are there; then says how many
-- microseconds it takes until they are.
local want, at_least = tonumber(ARGV[4]), tonumber(ARGV[5])
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
return {taken, wait, now}
