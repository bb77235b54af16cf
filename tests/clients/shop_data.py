"""Customers with a filled cart each; prints their access tokens. Run it with the Python of a project with `shop`.

Arguments: the stock of the only variant, the number of customers, the usage limit of the coupon (0 for no coupon).
"""

import json
import sys
from decimal import Decimal

import django

django.setup()

from apps.shop.models import Cart, CartItem, Coupon, Product, Variant
from apps.users.models import User
from apps.users.services.sessions import session_create
from django.utils import timezone

stock, customers, limit = map(int, sys.argv[1:])
product = Product.objects.create(name="Mug")
variant = Variant.objects.create(
    product=product, sku=str(product.pk), name="White", price=Decimal("9.99"), tax_rate=Decimal(19), stock=stock
)
coupon = Coupon.objects.create(code=f"C-{product.slug}".upper(), value=10, usage_limit=limit) if limit else None
tokens = []
for number in range(customers):
    user = User.objects.create(email=f"{product.pk}-{number}@example.com", email_verified_at=timezone.now())
    cart = Cart.objects.create(user=user, coupon=coupon)
    CartItem.objects.create(cart=cart, variant=variant, quantity=1)
    tokens.append(session_create(user=user).access)
variant.refresh_from_db()
sys.stdout.write(json.dumps({"slug": product.slug, "tax": str(variant.tax), "tokens": tokens}))
