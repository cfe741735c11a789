-- Many small tables that live and die together.
local function tree(depth)
  if depth == 0 then return {} end
  return { tree(depth - 1), tree(depth - 1) }
end

local function nodes(t)
  if not t[1] then return 1 end
  return 1 + nodes(t[1]) + nodes(t[2])
end

local long = tree(10)
for depth = 2, 10, 2 do
  local sum = 0
  for _ = 1, 1 << (10 - depth) do
    sum = sum + nodes(tree(depth))
  end
  print(depth, sum)
end
print("long-lived", nodes(long))
