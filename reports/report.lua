-- What Quarto does with its own Markdown, for the embedded renderer: callouts, numbered figures and tables with
-- captions and alternative texts, and references to them. Both renderers then give the same words.

local html = FORMAT:match("html") ~= nil
local typst = FORMAT:match("typst") ~= nil
local titles = { note = "Note", warning = "Warning", important = "Important", tip = "Tip", caution = "Caution" }
local names = { fig = "Figure", tbl = "Table" }
local counts = { fig = 0, tbl = 0 }
local numbers = {}

local function kind_of(identifier)
  return identifier:match("^(%a+)%-")
end

local function numbered(identifier)
  local kind = kind_of(identifier or "")
  if not names[kind] then return nil end
  counts[kind] = counts[kind] + 1
  numbers[identifier] = counts[kind]
  return names[kind] .. "\u{a0}" .. counts[kind]
end

local function before(label, blocks)
  local first = blocks[1]
  if first and (first.t == "Plain" or first.t == "Para") then
    local said = pandoc.Inlines({ pandoc.Str(label .. ":"), pandoc.Space() })
    said:extend(first.content)
    blocks[1] = pandoc.Plain(said)
  end
  return blocks
end

-- A caption may end in the identifier of its table.
local function take_identifier(tbl)
  if tbl.identifier ~= "" then return end
  local blocks = tbl.caption.long
  local last = blocks[#blocks]
  if not last then return end
  local inlines = last.content
  local mark = inlines[#inlines]
  local found = mark and mark.t == "Str" and mark.text:match("^{#(tbl%-[%w%-]+)}$")
  if found then
    inlines:remove(#inlines)
    if #inlines > 0 and inlines[#inlines].t == "Space" then inlines:remove(#inlines) end
    tbl.identifier = found
  end
end

local function to_typst(blocks)
  return (pandoc.write(pandoc.Pandoc(blocks), "typst"):gsub("%s+$", ""))
end

local function string_of(text)
  return '"' .. text:gsub("\\", "\\\\"):gsub('"', '\\"') .. '"'
end

local function image_of(figure)
  local image
  figure:walk({ Image = function(one) image = one end })
  return image
end

local function figure(element)
  local label, image = numbered(element.identifier), image_of(element)
  if not label or not image then return nil end
  local alt = image.attributes["fig-alt"] or ""
  image.attributes["fig-alt"] = nil
  if typst then
    local drawn = "#figure(image(" .. string_of(image.src) .. ", alt: " .. string_of(alt) .. ", width: 100%), alt: "
      .. string_of(alt) .. ", caption: [" .. to_typst(element.caption.long) .. "]) <" .. element.identifier .. ">"
    return pandoc.RawBlock("typst", drawn)
  end
  image.caption = pandoc.Inlines(alt)
  image.attributes.alt = alt
  element.content = { pandoc.Plain({ image }) }
  element.caption.long = before(label, element.caption.long)
  return element
end

local function table_of(element)
  take_identifier(element)
  local label = numbered(element.identifier)
  if label and html then element.caption.long = before(label, element.caption.long) end
  return element
end

local function callout(element)
  for _, class in ipairs(element.classes) do
    local kind = class:match("^callout%-(%a+)$")
    if kind then
      local title = element.attributes.title or titles[kind] or kind
      if typst then
        local body = to_typst(element.content)
        local said = "#callout-box([" .. to_typst({ pandoc.Plain(pandoc.Inlines(title)) }) .. "], [" .. body .. "])"
        return pandoc.RawBlock("typst", said)
      end
      element.attributes.title = nil
      element.attributes.role = "note"
      element.classes = { "callout", class }
      element.content:insert(1, pandoc.Para({ pandoc.Strong(pandoc.Inlines(title)) }))
      return element
    end
  end
end

local function reference(cite)
  local identifier = cite.citations[1].id
  local kind = kind_of(identifier)
  if not names[kind] or not numbers[identifier] then return nil end
  local said = names[kind] .. "\u{a0}" .. numbers[identifier]
  return pandoc.Link(said, "#" .. identifier)
end

return {
  { traverse = "topdown", Figure = figure, Table = table_of, Div = callout },
  { Cite = reference },
}
