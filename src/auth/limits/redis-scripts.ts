import { createHash } from "node:crypto";

/** A Lua script: Redis runs it from beginning to end, and nothing in between. */
export interface RedisScript {
  readonly source: string;
  readonly sha1: string;
}

/** A key outlives its window a little, because the clocks of Redis and of its clients differ. */
const SLACK_MILLISECONDS = 1000;

/**
 * Keys: the quotas, each a hash of how many calls were counted in which slot; `told` is until when a refusal has been told. Arguments: now,
 * then maximum, milliseconds and slot of each. The answer: slot, when it is free again, exhausted and first of each.
 */
export const reserveScript = script(`
local now = tonumber(ARGV[1])
local quotas = {}
local exhausted = false
for index, key in ipairs(KEYS) do
  local quota = { max = tonumber(ARGV[3 * index - 1]), window = tonumber(ARGV[3 * index]), slot = tonumber(ARGV[3 * index + 1]) }
  quota.total, quota.told, quota.slots, quota.calls, quota.passed = 0, 0, {}, {}, {}
  local held = redis.call('HGETALL', key)
  for each = 1, #held, 2 do
    local slot, calls = tonumber(held[each]), tonumber(held[each + 1])
    if held[each] == 'told' then
      quota.told = calls
    elseif slot + quota.window <= now then
      quota.passed[#quota.passed + 1] = held[each]
    else
      quota.slots[#quota.slots + 1] = slot
      quota.calls[slot] = calls
      quota.total = quota.total + calls
      quota.slot = math.max(quota.slot, slot)
    end
  end
  quota.full = quota.total >= quota.max
  exhausted = exhausted or quota.full
  quotas[index] = quota
end
local answer = {}
for index, key in ipairs(KEYS) do
  local quota = quotas[index]
  local first = quota.full and quota.told <= now
  local free = 0
  if quota.full then
    table.sort(quota.slots)
    local left = quota.total
    for _, slot in ipairs(quota.slots) do
      left = left - quota.calls[slot]
      free = slot + quota.window
      if left < quota.max then break end
    end
  end
  if first then
    quota.told = now + quota.window
    redis.call('HSET', key, 'told', string.format('%.0f', quota.told))
  end
  if not exhausted then
    if #quota.passed > 0 then redis.call('HDEL', key, unpack(quota.passed)) end
    redis.call('HINCRBY', key, string.format('%.0f', quota.slot), 1)
  end
  if first or not exhausted then
    redis.call('PEXPIRE', key, math.max(quota.slot + quota.window, quota.told) - now + ${SLACK_MILLISECONDS})
  end
  answer[#answer + 1] = quota.slot
  answer[#answer + 1] = free
  answer[#answer + 1] = quota.full and 1 or 0
  answer[#answer + 1] = first and 1 or 0
end
return answer
`);

/** Keys: the quotas. Arguments: the slot that each was counted in. */
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
