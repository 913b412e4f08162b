"""What a run came to: figures and words, for the screen, the terminal and files."""
