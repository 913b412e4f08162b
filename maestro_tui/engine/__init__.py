"""Where the machine meets the world: journal, git, processes, files, clocks and people."""
