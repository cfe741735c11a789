-- Closures, coroutines, metatables and collection on request.
local function counter()
  local n = 0
  return function() n = n + 1; return n end
end

local counters = {}
for i = 1, 300 do counters[i] = counter() end
local sum = 0
for round = 1, 5 do
  for i = 1, #counters do sum = sum + counters[i]() end
end
print("counters", sum)

local function primes()
  return coroutine.wrap(function()
    local found = {}
    for n = 2, math.huge do
      local prime = true
      for _, p in ipairs(found) do
        if p * p > n then break end
        if n % p == 0 then prime = false; break end
      end
      if prime then found[#found + 1] = n; coroutine.yield(n) end
    end
  end)
end
local next_prime, last = primes(), nil
for _ = 1, 500 do last = next_prime() end
print("500th prime", last)

local closed = 0
for i = 1, 200 do
  setmetatable({}, { __gc = function() closed = closed + 1 end })
end
collectgarbage()
collectgarbage()
print("collected", closed)
print(pcall(error, { code = 7 }) == false, select("#", table.unpack({}, 1, 200)))
