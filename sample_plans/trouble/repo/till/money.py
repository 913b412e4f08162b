"""Amounts of money: decimals, rounded to cents the way a till does."""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


def cents(amount: Decimal) -> Decimal:
    """The amount in whole cents; half a cent goes up."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)
