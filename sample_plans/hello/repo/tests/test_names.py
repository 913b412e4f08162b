from hello.names import clean_name


def test_spaces_are_tidied() -> None:
    assert clean_name("  Ada   Lovelace ") == "Ada Lovelace"


def test_nobody_is_the_world() -> None:
    assert clean_name("  ") == "world"
