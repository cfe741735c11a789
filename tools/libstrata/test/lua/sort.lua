-- Arrays that grow one by one, and are sorted in place and by merging.
local seed = 42
local function random(n)
  seed = (seed * 1103515245 + 12345) % 2147483648
  return seed % n
end

local function merge_sort(a)
  if #a < 2 then return a end
  local half, left, right = #a // 2, {}, {}
  for i = 1, #a do
    if i <= half then left[#left + 1] = a[i] else right[#right + 1] = a[i] end
  end
  left, right = merge_sort(left), merge_sort(right)
  local out, i, j = {}, 1, 1
  while left[i] or right[j] do
    if not right[j] or (left[i] and left[i] <= right[j]) then
      out[#out + 1], i = left[i], i + 1
    else
      out[#out + 1], j = right[j], j + 1
    end
  end
  return out
end

local a = {}
for i = 1, 3000 do a[i] = random(100000) end
local b = merge_sort(a)
table.sort(a)
local same = true
for i = 1, #a do same = same and a[i] == b[i] end
print(#a, same, a[1], a[#a // 2], a[#a])
