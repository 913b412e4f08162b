from till import settings


def test_the_footer_thanks_first() -> None:
    assert settings.FOOTER.startswith("Thank you.")
    assert "\n" not in settings.FOOTER
