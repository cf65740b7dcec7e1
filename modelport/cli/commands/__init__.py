"""The commands, one a module: their options and arguments. The work is done by the modules of `modelport.cli`."""
