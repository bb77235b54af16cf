"""Imports a higher layer."""

from apps.shop.services import orders_close

__all__ = ["orders_close"]
