"""Gates: run on the merged tree, compared with the base, and their guilty merge found."""
