from decimal import Decimal

from till.money import cents


def test_half_a_cent_goes_up() -> None:
    assert cents(Decimal("1.005")) == Decimal("1.01")
