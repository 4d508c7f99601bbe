-- Neovim 0.8 or newer: copy this into init.lua, or into a file under plugin/.
vim.api.nvim_create_autocmd("FileType", {
  pattern = "python",
  callback = function()
    vim.lsp.start({
      name = "paramassign",
      cmd = { "paramassign-lsp" },
      root_dir = vim.fn.getcwd(),
      -- init_options = { configuration = { ["extend-select"] = { "PRM9" } } },
    })
  end,
})

-- All safe fixes before a file is written:
-- vim.api.nvim_create_autocmd("BufWritePre", {
--   pattern = "*.py",
--   callback = function()
--     vim.lsp.buf.code_action({ context = { only = { "source.fixAll.paramassign" } }, apply = true })
--   end,
-- })
