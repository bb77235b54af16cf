"""Models of the shop. `docs/shop.md` has the states of an order and the rules for money."""

from apps.shop.models.carts import Cart, CartItem
from apps.shop.models.catalog import Category, Product, Variant
from apps.shop.models.coupons import Coupon
from apps.shop.models.orders import Order, OrderLine, Refund

__all__ = ["Cart", "CartItem", "Category", "Coupon", "Order", "OrderLine", "Product", "Refund", "Variant"]
