-- The first column of every table names its row: in HTML its cells become row headers. In print, words that lead to a
-- list or a table stay with it.

function Table(element)
  for _, body in ipairs(element.bodies) do
    body.row_head_columns = 1
  end
  return element
end

local leads_to = { BulletList = true, OrderedList = true, DefinitionList = true, Table = true }

function Blocks(blocks)
  if not FORMAT:match("typst") then return nil end
  local laid = pandoc.Blocks({})
  for place, block in ipairs(blocks) do
    local following = blocks[place + 1]
    local leads = block.t == "Para" and pandoc.utils.stringify(block):match(":$")
    if leads and following and leads_to[following.t] then
      laid:extend({ pandoc.RawBlock("typst", "#block(sticky: true)["), block, pandoc.RawBlock("typst", "]") })
    else
      laid:insert(block)
    end
  end
  return laid
end
