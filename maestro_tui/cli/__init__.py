"""The command line: reads arguments, calls the rooms behind it, tells the truth by exit code."""
