"""What is printed on every receipt."""

SHOP = "Corner Shop"
FOOTER = "Thank you."
WIDTH = 32
