"""HTTP layer of the cart: of the user, or of the token in the header `X-Cart-Token`.

The API authenticates by header, not by cookie; so does a cart. A cookie would need CSRF protection, and
browsers do not send it to the API of another site.
"""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api.serializers import validated
from apps.core.api.throttling import AnonThrottle, UserThrottle
from apps.shop import selectors
from apps.shop.api import serializers
from apps.shop.api.throttling import CartThrottle
from apps.shop.models import Cart
from apps.shop.services import carts
from apps.users.authentication import UserRequest

TOKEN = OpenApiParameter("X-Cart-Token", str, OpenApiParameter.HEADER, description="Of an anonymous cart.")


class HasCart(BasePermission):
    """Access for users, and for clients that send the token of a cart."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.user.is_authenticated or cart_of_token(request) is not None


def cart_of_token(request: Request) -> Cart | None:
    return selectors.cart_by_token(request.headers.get("X-Cart-Token", ""))


def cart_of(request: Request) -> Cart | None:
    """Return the cart of the user, if it exists, or of the token."""
    if request.user.is_authenticated:
        return Cart.objects.select_related("coupon", "user").filter(user=request.user).first()
    if cart := cart_of_token(request):
        return cart
    raise Http404


def cart_to_change(request: Request) -> Cart:
    user: Any = request.user
    return cart_of(request) or carts.cart_of_user(user=user)


def represented(cart: Cart | None) -> Any:
    return serializers.CartOutput(selectors.cart_quote(cart)).data


class CartBaseView(APIView):
    permission_classes = (HasCart,)
    # For the schema.
    serializer_class = serializers.CartOutput
    extra_problems = {method: [HTTPStatus.NOT_FOUND] for method in ("GET", "PUT", "DELETE")}


@extend_schema(parameters=[TOKEN])
class CartView(CartBaseView):
    def get(self, request: Request) -> Response:
        """Retrieve the cart with current prices."""
        return Response(represented(cart_of(request)))


@extend_schema(parameters=[TOKEN])
class CartItemView(CartBaseView):
    @extend_schema(request=serializers.QuantityInput)
    def put(self, request: Request, variant: UUID) -> Response:
        """Set the quantity of a variant in the cart."""
        data = validated(serializers.QuantityInput, request)
        cart = carts.item_set(cart=cart_to_change(request), variant_id=variant, **data)
        return Response(represented(cart))

    def delete(self, request: Request, variant: UUID) -> Response:
        """Remove a variant from the cart."""
        carts.item_set(cart=cart_to_change(request), variant_id=variant, quantity=0)
        return Response(status=HTTPStatus.NO_CONTENT)


@extend_schema(parameters=[TOKEN])
class CartCouponView(CartBaseView):
    throttle_classes = (AnonThrottle, UserThrottle, CartThrottle)

    @extend_schema(request=serializers.CouponInput)
    def put(self, request: Request) -> Response:
        """Use a coupon."""
        data = validated(serializers.CouponInput, request)
        cart = carts.coupon_set(cart=cart_to_change(request), **data)
        return Response(represented(cart))

    def delete(self, request: Request) -> Response:
        """Remove the coupon."""
        carts.coupon_set(cart=cart_to_change(request), code="")
        return Response(status=HTTPStatus.NO_CONTENT)


class CartTokenView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (AnonThrottle, CartThrottle)

    @extend_schema(request=None, responses={201: serializers.CartTokenOutput})
    def post(self, request: Request) -> Response:
        """Create a cart of an anonymous visitor. Users need none."""
        token = selectors.cart_token(carts.cart_create())
        return Response({"token": token}, status=HTTPStatus.CREATED)


class CartMergeView(APIView):
    @extend_schema(request=serializers.MergeInput, responses={200: serializers.CartOutput})
    def post(self, request: UserRequest) -> Response:
        """Move the content of an anonymous cart to that of the user. Call it after the login."""
        data = validated(serializers.MergeInput, request)
        cart = carts.cart_merge(user=request.user, **data)
        return Response(represented(cart))
