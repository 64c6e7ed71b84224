/**
 * What Redis does in one step each. Times are its own, so that nodes need not agree on them. Keys:
 *
 *     <prefix>c:<counter>       hash: `since`, `seed`, `settled` of a window; amounts by slot of a minute
 *     <prefix>o:<counter>       hash: what running requests set aside, as `<amount> <owner>` by id
 *     <prefix>r:<id>            when it was admitted, from its first reservation to its settlement; 0 for a while where that was
 *                               elsewhere and it has been settled
 *     <prefix>owner:<owner>     there as long as the owner lives
 */
import { createHash } from 'node:crypto';
import { MINUTE_MS, SLOT_MS } from './sliding-minute.js';

/** A script, and what Redis knows it by once it has seen it. */
export interface Script {
  readonly text: string;
  readonly sha1: string;
}

function script(text: string): Script {
  return { text, sha1: createHash('sha1').update(text).digest('hex') };
}

const SHARED = `
local prefix = ARGV[1]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local function whole(number) return string.format('%.0f', number) end
-- What living owners set aside; that of dead ones is dropped, so that a crash leaks nothing.
local lives = {}
local function reserved(name)
  local key, sum, count = prefix .. 'o:' .. name, 0, 0
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    local amount, owner = string.match(all[i + 1], '^(%d+) (.*)$')
    if lives[owner] == nil then lives[owner] = redis.call('EXISTS', prefix .. 'owner:' .. owner) == 1 end
    if lives[owner] then sum = sum + tonumber(amount); count = count + 1
    else redis.call('HDEL', key, all[i]) end
  end
  return sum, count
end
-- A window is kept until a while after its end; one without an end as long as it is used.
local KEPT_MS, LONGEST_MS = 3600000, 8640000000000
local function keep(key, to)
  redis.call('PEXPIRE', key, whole(math.min(math.max(to - now, 0) + KEPT_MS, LONGEST_MS)))
end
local SLOT_MS, MINUTE_MS = ${SLOT_MS}, ${MINUTE_MS}
local function leavesAt(slot) return (slot + 1) * SLOT_MS + MINUTE_MS end
`;

/** ARGV: prefix, owner, lease in ms, id, '1' to go ahead without seeds, bounds as JSON. Answers JSON. */
export const RESERVE = script(`${SHARED}
local owner, lease, id, unseeded = ARGV[2], ARGV[3], ARGV[4], ARGV[5] == '1'
local bounds = cjson.decode(ARGV[6])
redis.call('SET', prefix .. 'owner:' .. owner, '1', 'PX', lease)
local waiting = {}
for i, bound in ipairs(bounds) do
  if bound.kind == 'WINDOW' then
    local key = prefix .. 'c:' .. bound.name
    redis.call('HSETNX', key, 'since', whole(now))
    keep(key, bound.to)
    if redis.call('HEXISTS', key, 'seed') == 0 then
      table.insert(waiting, { place = i - 1, since = tonumber(redis.call('HGET', key, 'since')) })
    end
  end
end
if #waiting > 0 and not unseeded then return cjson.encode({ kind = 'UNSEEDED', waiting = waiting }) end
local function refuse(i, retryAt, held)
  return cjson.encode({ kind = 'REFUSED', bound = i - 1, retryAt = retryAt, held = held })
end
for i, bound in ipairs(bounds) do
  if bound.kind == 'RUNNING' then
    local _, count = reserved(bound.name)
    if count + bound.amount > bound.max then return refuse(i, now + 1000, false) end
  elseif bound.kind == 'MINUTE' then
    local key, total, slots = prefix .. 'c:' .. bound.name, 0, {}
    local all = redis.call('HGETALL', key)
    for j = 1, #all, 2 do
      local slot = tonumber(all[j])
      if leavesAt(slot) <= now then redis.call('HDEL', key, all[j])
      else total = total + tonumber(all[j + 1]); table.insert(slots, { slot, tonumber(all[j + 1]) }) end
    end
    if total > 0 and total + bound.amount > bound.max then
      table.sort(slots, function(a, b) return a[1] < b[1] end)
      local left, at = total, now
      for _, one in ipairs(slots) do
        if left + bound.amount <= bound.max then break end
        left = left - one[2]
        at = leavesAt(one[1])
      end
      return refuse(i, at, false)
    end
  else
    local figures = redis.call('HMGET', prefix .. 'c:' .. bound.name, 'seed', 'settled')
    local used = tonumber(figures[1] or '0') + tonumber(figures[2] or '0')
    local aside = reserved(bound.name)
    if used >= bound.max then return refuse(i, bound.to, false) end
    if used + aside + bound.amount > bound.max and aside > 0 then return refuse(i, now + 1000, true) end
  end
end
-- A request that goes on another way sets aside more, and stays admitted when it was.
redis.call('SET', prefix .. 'r:' .. id, whole(now), 'NX', 'PX', '86400000')
for _, bound in ipairs(bounds) do
  if bound.kind == 'MINUTE' then
    local key = prefix .. 'c:' .. bound.name
    redis.call('HINCRBY', key, whole(math.floor(now / SLOT_MS)), whole(bound.amount))
    redis.call('PEXPIRE', key, whole(MINUTE_MS + 2 * SLOT_MS))
  else
    local key = prefix .. 'o:' .. bound.name
    redis.call('HSET', key, id, whole(bound.amount) .. ' ' .. owner)
    keep(key, bound.to or now)
  end
end
return cjson.encode({ kind = 'RESERVED', at = now })
`);

/**
 * ARGV: prefix, id, moment it ended, amounts as JSON, bounds that were set aside as JSON, how its admission is known.
 *
 * - a moment: it was admitted here then. If Redis lost that since, it counts in what began anew in between, and in nothing
 *   else: what began later is told of it as recorded before.
 * - 'found': the recorder found it. Without its admission somebody has settled it before.
 * - 'elsewhere': it was admitted while Redis was away. It counts, once, in what went on all the time.
 *
 * Moments of ends are by the clocks of nodes, those at which counters begin by that of Redis: what ends at the very
 * moment a counter begins is told apart no better than those clocks agree.
 */
export const SETTLE = script(`${SHARED}
local id, at, amounts, bounds, known = ARGV[2], ARGV[3], cjson.decode(ARGV[4]), cjson.decode(ARGV[5]), ARGV[6]
local admitted = redis.call('GET', prefix .. 'r:' .. id)
-- Counted as one from elsewhere before.
if admitted == '0' then return 0 end
if known == 'elsewhere' then redis.call('SET', prefix .. 'r:' .. id, '0', 'PX', '3600000')
elseif known == 'found' and not admitted then return 0 end
local function counts(key)
  if admitted then redis.call('HSETNX', key, 'since', at); return true end
  local since = tonumber(redis.call('HGET', key, 'since') or nil)
  return since ~= nil and since <= tonumber(at) and (known == 'elsewhere' or since > tonumber(known))
end
local before = {}
for _, bound in ipairs(bounds) do before[bound.name] = bound.amount end
for _, one in ipairs(amounts) do
  local key = prefix .. 'c:' .. one.name
  if one.kind == 'WINDOW' and counts(key) then
    redis.call('HINCRBY', key, 'settled', whole(one.amount))
    keep(key, one.to)
  elseif one.kind == 'MINUTE' and admitted and before[one.name] then
    local slot = whole(math.floor(tonumber(admitted) / SLOT_MS))
    if redis.call('HEXISTS', key, slot) == 1 then
      redis.call('HINCRBY', key, slot, whole(one.amount - before[one.name]))
    end
  end
end
-- Last, because a Redis without memory refuses what comes before: then nothing has happened, and it is said again.
if admitted and known ~= 'elsewhere' then redis.call('DEL', prefix .. 'r:' .. id) end
for _, one in ipairs(amounts) do redis.call('HDEL', prefix .. 'o:' .. one.name, id) end
for _, bound in ipairs(bounds) do redis.call('HDEL', prefix .. 'o:' .. bound.name, id) end
return 1
`);

/** ARGV: prefix, counter, amount. A second seed changes nothing. */
export const SEED = script(`
local key = ARGV[1] .. 'c:' .. ARGV[2]
if redis.call('EXISTS', key) == 0 then return 0 end
return redis.call('HSETNX', key, 'seed', ARGV[3])
`);

/** ARGV: prefix, owner, lease in ms. */
export const RENEW = script(`return redis.call('SET', ARGV[1] .. 'owner:' .. ARGV[2], '1', 'PX', ARGV[3])`);

/** ARGV: prefix, owner. */
export const RELEASE = script(`return redis.call('DEL', ARGV[1] .. 'owner:' .. ARGV[2])`);
