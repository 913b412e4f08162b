"""Names as people type them."""


def clean_name(name: str, default: str = "world") -> str:
    """The name without stray spaces; ``default`` when nothing is left."""
    return " ".join(name.split()) or default
