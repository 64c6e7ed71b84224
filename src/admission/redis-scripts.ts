/**
 * What Redis does in one step each. Times are its own, so that nodes need not agree on them. Keys:
 *
 *     <prefix>c:<counter>       hash: `since`, `seed`, `settled` of a window; amounts by slot of a minute
 *     <prefix>o:<counter>       hash: what running requests set aside, as `<amount> <owner>` by id
 *     <prefix>r:<id>            there from a reservation to its settlement
 *     <prefix>owner:<owner>     there as long as the owner lives
 */
import { MINUTE_MS, SLOT_MS } from './sliding-minute.js';

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
export const RESERVE = `${SHARED}
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
redis.call('SET', prefix .. 'r:' .. id, whole(now), 'PX', '86400000')
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
return cjson.encode({ kind = 'RESERVED' })
`;

/** ARGV: prefix, id, moment it ended, amounts as JSON, bounds that were set aside as JSON. Answers whether it counted. */
export const SETTLE = `${SHARED}
local id, at, amounts, bounds = ARGV[2], ARGV[3], cjson.decode(ARGV[4]), cjson.decode(ARGV[5])
local admitted = redis.call('GET', prefix .. 'r:' .. id)
if not admitted then return 0 end
redis.call('DEL', prefix .. 'r:' .. id)
local before = {}
for _, bound in ipairs(bounds) do
  before[bound.name] = bound.amount
  redis.call('HDEL', prefix .. 'o:' .. bound.name, id)
end
for _, one in ipairs(amounts) do
  local key = prefix .. 'c:' .. one.name
  if one.kind == 'WINDOW' then
    redis.call('HSETNX', key, 'since', at)
    redis.call('HINCRBY', key, 'settled', whole(one.amount))
    keep(key, one.to)
    redis.call('HDEL', prefix .. 'o:' .. one.name, id)
  elseif one.kind == 'MINUTE' and before[one.name] then
    local slot = whole(math.floor(tonumber(admitted) / SLOT_MS))
    if redis.call('HEXISTS', key, slot) == 1 then
      redis.call('HINCRBY', key, slot, whole(one.amount - before[one.name]))
    end
  end
end
return 1
`;

/** ARGV: prefix, counter, amount. A second seed changes nothing. */
export const SEED = `
local key = ARGV[1] .. 'c:' .. ARGV[2]
if redis.call('EXISTS', key) == 0 then return 0 end
return redis.call('HSETNX', key, 'seed', ARGV[3])
`;

/** ARGV: prefix, owner, lease in ms. */
export const RENEW = `return redis.call('SET', ARGV[1] .. 'owner:' .. ARGV[2], '1', 'PX', ARGV[3])`;

/** ARGV: prefix, owner. */
export const RELEASE = `return redis.call('DEL', ARGV[1] .. 'owner:' .. ARGV[2])`;
