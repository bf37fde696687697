-- Neovim 0.8 and later: put it into ~/.config/nvim/after/ftplugin/dockerfile.lua
vim.lsp.start({
  name = "oakum",
  cmd = { "oakum", "lint", "--lsp" },
  root_dir = vim.fs.dirname(vim.fs.find({ "oakum.yaml", ".git" }, { upward = true })[1]),
})
