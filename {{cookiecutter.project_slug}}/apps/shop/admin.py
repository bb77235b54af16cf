from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.admin import CSVExportMixin, ReadOnlyAdmin
from apps.core.exceptions import ConflictError, UnavailableError
from apps.shop.models import Cart, CartItem, Category, Coupon, Order, OrderLine, Product, Refund, Variant
from apps.shop.services import payments, refunds, states


class ReadOnlyInline(admin.TabularInline):
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission


class VariantInline(ReadOnlyInline):
    model = Variant
    fields = ("sku", "name", "price", "tax_rate", "stock", "is_active")
    show_change_link = True


@admin.register(Category)
class CategoryAdmin(CSVExportMixin, admin.ModelAdmin):
    list_display = ("name", "slug")
    search_fields = ("name", "slug")
    export_fields = ("id", "slug", "name")


@admin.register(Product)
class ProductAdmin(CSVExportMixin, admin.ModelAdmin):
    list_display = ("name", "slug", "category", "is_active", "created_at")
    list_filter = ("is_active", "category")
    list_select_related = ("category",)
    search_fields = ("name", "slug", "variants__sku")
    autocomplete_fields = ("category",)
    date_hierarchy = "created_at"
    inlines = (VariantInline,)
    export_fields = ("id", "slug", "name", "category__slug", "is_active")


class VariantForm(forms.ModelForm):
    """Form with a change of the stock: a number would overwrite concurrent sales."""

    stock_change = forms.IntegerField(
        label=gettext_lazy("add to stock"), required=False, min_value=0, max_value=10**6
    )


@admin.register(Variant)
class VariantAdmin(CSVExportMixin, admin.ModelAdmin):
    form = VariantForm
    list_display = ("sku", "product", "name", "price", "tax_rate", "stock", "low_stock", "is_active")
    list_filter = ("is_active", "product__category")
    list_select_related = ("product",)
    search_fields = ("sku", "name", "product__name")
    autocomplete_fields = ("product",)
    fields = (
        *("product", "sku", "name", "price", "net_price", "tax", "tax_rate"),
        *("stock", "stock_change", "low_stock", "is_active"),
    )
    readonly_fields = ("net_price", "tax", "stock")
    export_fields = ("id", "sku", "product__slug", "name", "price", "tax_rate", "stock", "is_active")

    def save_model(self, request: HttpRequest, obj: Variant, form: forms.ModelForm, change: bool) -> None:  # noqa: FBT001 - Django's signature
        columns = {*form.changed_data, "updated_at"} - {"stock_change"}
        obj.save(update_fields=columns if change else None)
        if added := form.cleaned_data["stock_change"]:
            states.stock_add({obj.pk: added})


@admin.register(Coupon)
class CouponAdmin(CSVExportMixin, admin.ModelAdmin):
    list_display = ("code", "kind", "value", "valid_from", "valid_until", "usage_limit", "user_limit")
    list_filter = ("kind", "valid_until")
    search_fields = ("code",)
    export_fields = ("id", "code", "kind", "value", "valid_from", "valid_until", "usage_limit", "user_limit")


class CartItemInline(ReadOnlyInline):
    model = CartItem
    fields = ("variant", "quantity")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CartItem]:
        return super().get_queryset(request).select_related("variant")


@admin.register(Cart)
class CartAdmin(ReadOnlyAdmin):
    list_display = ("id", "user", "updated_at", "reminded_at")
    list_filter = (("user", admin.EmptyFieldListFilter), "updated_at")
    list_select_related = ("user",)
    search_fields = ("user__email",)
    fields = ("user", "coupon", "created_at", "updated_at", "reminded_at")
    inlines = (CartItemInline,)
    export_fields = ("id", "user_id", "updated_at")


class OrderLineInline(ReadOnlyInline):
    model = OrderLine
    fields = ("sku", "name", "price", "tax_rate", "quantity", "returned")


class RefundInline(ReadOnlyInline):
    model = Refund
    fields = readonly_fields = ("amount", "status", "reference", "created_at")


def order_action(service: Callable[..., object], description: Any) -> Any:
    """Return an admin action that calls a service for each order, and reports how many it refused."""

    @admin.action(description=description, permissions=["manage"])
    def run(_model_admin: admin.ModelAdmin, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        done = refused = 0
        for order in queryset:
            try:
                service(order=order)
                done += 1
            except (ConflictError, UnavailableError):
                refused += 1
        messages.success(request, _("Changed: %(count)d.") % {"count": done})
        if refused:
            text = _("Not changed, because of their status or the payment provider: %(count)d.")
            messages.warning(request, text % {"count": refused})

    return run


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    """Orders are changed by actions only, which call the services of the API."""

    list_display = ("number", "user", "status", "total", "refunded", "currency", "created_at")
    list_filter = ("status", "provider", "created_at")
    list_select_related = ("user",)
    date_hierarchy = "created_at"
    search_fields = ("id", "user__email", "name", "payment_reference")
    inlines = (OrderLineInline, RefundInline)
    actions = ("export_csv", "ship", "complete", "cancel", "refund_rest", "return_all")
    export_fields = (
        *("id", "status", "user_id", "currency", "subtotal", "discount", "total", "tax", "refunded"),
        *("coupon__code", "created_at", "paid_at"),
    )
    fields = (
        *("number", "user", "status", "name", "address", "currency", "subtotal", "discount", "total", "tax"),
        *("refunded", "coupon", "provider", "payment_reference", "created_at", "expires_at", "paid_at"),
    )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Kept for the accounts.
        return False

    def has_manage_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("shop.manage_order")

    ship = order_action(states.order_ship, gettext_lazy("Mark as shipped"))
    complete = order_action(states.order_complete, gettext_lazy("Mark as completed"))
    cancel = order_action(payments.order_cancel, gettext_lazy("Cancel, restock and refund"))
    refund_rest = order_action(refunds.order_refund, gettext_lazy("Refund the rest"))
    return_all = order_action(refunds.order_return, gettext_lazy("Take back all items and refund"))
