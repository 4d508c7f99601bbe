-- Opens each file of $FILES with the settings of editors/neovim.lua, applies the first quick fix at
-- its first finding, and writes to $RESULT what was shown and what the text is then.

-- Neovim 0.7 has no vim.lsp.start yet.
vim.lsp.start = vim.lsp.start or function(config)
  STARTED = STARTED or vim.lsp.start_client(config)
  vim.lsp.buf_attach_client(0, STARTED)
end

local start = vim.lsp.start
vim.lsp.start = function(config)
  config.init_options = { configuration = { select = { "PRM" } } }
  start(config)
end

local function drive()
  dofile(vim.env.SETTINGS)
  local results = {}
  for _, file in ipairs(vim.json.decode(vim.env.FILES)) do
    vim.cmd("edit " .. file)
    vim.bo.filetype = "python"
    local buffer = vim.api.nvim_get_current_buf()
    vim.wait(20000, function() return #vim.diagnostic.get(buffer) > 0 end, 10)
    local shown = vim.diagnostic.get(buffer)
    table.sort(shown, function(a, b) return a.lnum < b.lnum or (a.lnum == b.lnum and a.col < b.col) end)
    local result = { shown = {} }
    for i, diagnostic in ipairs(shown) do
      result.shown[i] = { diagnostic.code, diagnostic.lnum, diagnostic.col }
    end
    local first = shown[1]
    if first then
      vim.api.nvim_win_set_cursor(0, { first.lnum + 1, first.col })
      local params = vim.lsp.util.make_range_params()
      params.context = { diagnostics = {}, only = { "quickfix" } }
      for _, answer in pairs(vim.lsp.buf_request_sync(buffer, "textDocument/codeAction", params, 20000)) do
        local action = (answer.result or {})[1]
        if action then
          result.title = action.title
          vim.lsp.util.apply_workspace_edit(action.edit, "utf-16")
        end
      end
    end
    result.text = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), "\n") .. "\n"
    results[#results + 1] = result
  end

  local out = io.open(vim.env.RESULT, "w")
  out:write(vim.json.encode(results))
  out:close()
end

local succeeded, failure = pcall(drive)
if not succeeded then
  io.stderr:write(failure)
end
vim.cmd("qall!")
