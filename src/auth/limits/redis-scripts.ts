import { createHash } from "node:crypto";

/** A Lua script: Redis runs it from beginning to end, and nothing in between. */
export interface RedisScript {
  readonly source: string;
  readonly sha1: string;
}

/** A key outlives its window a little, because the clocks of Redis and of its clients differ. */
const SLACK_MILLISECONDS = 1000;

/** Keys: the claims. Arguments: now, then maximum and milliseconds of each. The answer: end, exhausted and first of each. */
export const reserveScript = script(`
local now = tonumber(ARGV[1])
local claims = {}
local exhausted = false
for index, key in ipairs(KEYS) do
  local held = redis.call('HMGET', key, 'calls', 'ends', 'refused')
  local claim = { calls = tonumber(held[1] or 0), ends = tonumber(held[2] or 0), refused = held[3] and true or false }
  if claim.ends <= now then
    claim = { calls = 0, ends = now + tonumber(ARGV[2 * index + 1]), refused = false, fresh = true }
  end
  claim.full = claim.calls >= tonumber(ARGV[2 * index])
  exhausted = exhausted or claim.full
  claims[index] = claim
end
local answer = {}
for index, key in ipairs(KEYS) do
  local claim = claims[index]
  local first = claim.full and not claim.refused
  if not exhausted and claim.fresh then
    redis.call('DEL', key)
  end
  if not exhausted then
    redis.call('HSET', key, 'calls', claim.calls + 1, 'ends', claim.ends)
    redis.call('PEXPIRE', key, claim.ends - now + ${SLACK_MILLISECONDS})
  elseif first then
    redis.call('HSET', key, 'refused', 1)
  end
  answer[#answer + 1] = claim.ends
  answer[#answer + 1] = claim.full and 1 or 0
  answer[#answer + 1] = first and 1 or 0
end
return answer
`);

/** Keys: the claims. Arguments: the end of the window that each was granted in. */
export const giveBackScript = script(`
for index, key in ipairs(KEYS) do
  local held = redis.call('HMGET', key, 'calls', 'ends')
  if tonumber(held[2] or 0) == tonumber(ARGV[index]) and tonumber(held[1] or 0) > 0 then
    redis.call('HINCRBY', key, 'calls', -1)
  end
end
return 0
`);

function script(source: string): RedisScript {
  return { source, sha1: createHash("sha1").update(source).digest("hex") };
}
