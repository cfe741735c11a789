-- Strings of all lengths, most of them garbage at once.
local parts = {}
for i = 1, 2000 do
  parts[#parts + 1] = string.format("%d:%x:%s", i, i * 7919, ("ab"):rep(i % 40))
end
local all = table.concat(parts, ",")
print(#all, all:sub(1, 60), all:sub(-60))

local count = {}
for word in all:gmatch("%x+") do
  count[#word] = (count[#word] or 0) + 1
end
for length = 1, 100 do
  if count[length] then print(length, count[length]) end
end

local grown = ""
for i = 1, 500 do grown = grown .. string.char(97 + i % 26) end
print(grown:reverse():upper():sub(1, 52))
print((all:gsub("%d+", function(n) return #n > 3 and "<" .. n .. ">" or nil end)):len())
