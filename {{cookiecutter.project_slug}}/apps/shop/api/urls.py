from django.urls import path
from rest_framework.routers import SimpleRouter

from apps.shop.api import carts, catalog, orders

app_name = "shop"

router = SimpleRouter()
router.register("products", catalog.ProductViewSet, basename="product")
router.register("orders", orders.OrderViewSet, basename="order")
router.register("manage", orders.ManagedOrderViewSet, basename="manage")

urlpatterns = [
    path("categories/", catalog.CategoryListView.as_view(), name="category-list"),
    path("cart/", carts.CartView.as_view(), name="cart"),
    path("cart/coupon/", carts.CartCouponView.as_view(), name="cart-coupon"),
    path("cart/items/<uuid:variant>/", carts.CartItemView.as_view(), name="cart-item"),
    path("cart/merge/", carts.CartMergeView.as_view(), name="cart-merge"),
    path("cart/token/", carts.CartTokenView.as_view(), name="cart-token"),
    path("checkout/", orders.CheckoutView.as_view(), name="checkout"),
    path("payments/webhook/", orders.WebhookView.as_view(), name="webhook"),
    *router.urls,
]
