-- The first column of every table names its row: in HTML its cells become row headers.

function Table(element)
  for _, body in ipairs(element.bodies) do
    body.row_head_columns = 1
  end
  return element
end
