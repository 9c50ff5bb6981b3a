"""What a line costs. Pure: decimals in, decimals out, never a float."""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from quotes.currencies import minor_unit

MAX_AMOUNT = Decimal("999999999999.9999")  # of one line and one recipient
MAX_TOTAL = Decimal("99999999999999.9999")  # of a quote's plain lines and parts


def amount(
    unit_price: Decimal, quantity: Decimal, discount_percent: Decimal, currency: str
) -> Decimal:
    """What one recipient pays for a line: price × quantity less discount, rounded half-even to the
    currency's minor unit. Exact before rounding, whatever the digits."""
    with localcontext() as context:
        context.prec = 60
        exact = unit_price * quantity * (100 - discount_percent) / 100
        return exact.quantize(minor_unit(currency), rounding=ROUND_HALF_EVEN)
