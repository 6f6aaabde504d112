import { createHash } from "node:crypto";

/** A Lua script: Redis runs it from beginning to end, and nothing in between. */
export interface RedisScript {
  readonly source: string;
  readonly sha1: string;
}

/** A key outlives its window a little, because the clocks of Redis and of its clients differ. */
const SLACK_MILLISECONDS = 1000;

/**
 * Keys: the claims, each a hash of how many calls were counted in which slot; `told` is until when a refusal has been told. Arguments: now,
 * then maximum, milliseconds and slot of each. The answer: slot, when it is free again, exhausted and first of each.
 */
export const reserveScript = script(`
local now = tonumber(ARGV[1])
local claims = {}
local exhausted = false
for index, key in ipairs(KEYS) do
  local claim = { max = tonumber(ARGV[3 * index - 1]), window = tonumber(ARGV[3 * index]), slot = tonumber(ARGV[3 * index + 1]) }
  claim.total, claim.told, claim.slots, claim.calls, claim.passed = 0, 0, {}, {}, {}
  local held = redis.call('HGETALL', key)
  for each = 1, #held, 2 do
    local slot, calls = tonumber(held[each]), tonumber(held[each + 1])
    if held[each] == 'told' then
      claim.told = calls
    elseif slot + claim.window <= now then
      claim.passed[#claim.passed + 1] = held[each]
    else
      claim.slots[#claim.slots + 1] = slot
      claim.calls[slot] = calls
      claim.total = claim.total + calls
      claim.slot = math.max(claim.slot, slot)
    end
  end
  claim.full = claim.total >= claim.max
  exhausted = exhausted or claim.full
  claims[index] = claim
end
local answer = {}
for index, key in ipairs(KEYS) do
  local claim = claims[index]
  local first = claim.full and claim.told <= now
  local free = 0
  if claim.full then
    table.sort(claim.slots)
    local left = claim.total
    for _, slot in ipairs(claim.slots) do
      left = left - claim.calls[slot]
      free = slot + claim.window
      if left < claim.max then break end
    end
  end
  if first then
    claim.told = now + claim.window
    redis.call('HSET', key, 'told', string.format('%.0f', claim.told))
  end
  if not exhausted then
    if #claim.passed > 0 then redis.call('HDEL', key, unpack(claim.passed)) end
    redis.call('HINCRBY', key, string.format('%.0f', claim.slot), 1)
  end
  if first or not exhausted then
    redis.call('PEXPIRE', key, math.max(claim.slot + claim.window, claim.told) - now + ${SLACK_MILLISECONDS})
  end
  answer[#answer + 1] = claim.slot
  answer[#answer + 1] = free
  answer[#answer + 1] = claim.full and 1 or 0
  answer[#answer + 1] = first and 1 or 0
end
return answer
`);

/** Keys: the claims. Arguments: the slot that each was counted in. */
export const giveBackScript = script(`
for index, key in ipairs(KEYS) do
  if redis.call('HEXISTS', key, ARGV[index]) == 1 and redis.call('HINCRBY', key, ARGV[index], -1) <= 0 then
    redis.call('HDEL', key, ARGV[index])
  end
end
return 0
`);

function script(source: string): RedisScript {
  return { source, sha1: createHash("sha1").update(source).digest("hex") };
}
