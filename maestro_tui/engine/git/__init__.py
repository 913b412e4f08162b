"""Git by its cheap roads: pooled worktrees, merges in memory, refs instead of checkouts."""
