"""HTTP layer of the cart: of the user, or of the token in the header `X-Cart-Token`.

The API authenticates by header, not by cookie; so does a cart. A cookie would need CSRF protection, and
browsers do not send it to the API of another site.
"""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny, BasePermission, IsAuthenticated
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
        if request.user.is_authenticated:
            return True
        return selectors.cart_by_token(request.headers.get("X-Cart-Token", "")) is not None


def cart_of(request: Request) -> Cart | None:
    """Return the cart of the user or of the token, if it exists."""
    if request.user.is_authenticated:
        return Cart.objects.select_related("coupon", "user").filter(user=request.user).first()
    token = request.headers.get("X-Cart-Token", "")
    cart = selectors.cart_by_token(token)
    if cart is None:
        raise Http404
    return cart


def cart_to_change(request: Request) -> Cart:
    cart = cart_of(request)
    if cart is None:
        user: Any = request.user
        return carts.cart_of_user(user=user)
    return cart


def represented(cart: Cart | None) -> Any:
    return serializers.CartOutput(selectors.cart_quote(cart)).data


class CartView(APIView):
    permission_classes = (HasCart,)
    extra_problems = {"GET": [HTTPStatus.NOT_FOUND]}

    @extend_schema(parameters=[TOKEN], responses={200: serializers.CartOutput})
    def get(self, request: Request) -> Response:
        """Retrieve the cart with current prices."""
        return Response(represented(cart_of(request)))


class CartTokenView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (AnonThrottle, CartThrottle)

    @extend_schema(request=None, responses={201: serializers.CartTokenOutput})
    def post(self, request: Request) -> Response:
        """Create a cart of an anonymous visitor. Users need none."""
        token = selectors.cart_token(carts.cart_create())
        return Response({"token": token}, status=HTTPStatus.CREATED)


class CartItemView(APIView):
    permission_classes = (HasCart,)

    @extend_schema(
        parameters=[TOKEN], request=serializers.QuantityInput, responses={200: serializers.CartOutput}
    )
    def put(self, request: Request, variant: UUID) -> Response:
        """Set the quantity of a variant in the cart."""
        data = validated(serializers.QuantityInput, request)
        cart = carts.item_set(cart=cart_to_change(request), variant_id=variant, quantity=data["quantity"])
        return Response(represented(cart))

    @extend_schema(parameters=[TOKEN], responses={204: None})
    def delete(self, request: Request, variant: UUID) -> Response:
        """Remove a variant from the cart."""
        carts.item_set(cart=cart_to_change(request), variant_id=variant, quantity=0)
        return Response(status=HTTPStatus.NO_CONTENT)


class CartCouponView(APIView):
    permission_classes = (HasCart,)
    throttle_classes = (AnonThrottle, UserThrottle, CartThrottle)
    extra_problems = {"PUT": [HTTPStatus.NOT_FOUND], "DELETE": [HTTPStatus.NOT_FOUND]}

    @extend_schema(
        parameters=[TOKEN], request=serializers.CouponInput, responses={200: serializers.CartOutput}
    )
    def put(self, request: Request) -> Response:
        """Use a coupon."""
        data = validated(serializers.CouponInput, request)
        cart = carts.coupon_set(cart=cart_to_change(request), code=data["code"])
        return Response(represented(cart))

    @extend_schema(parameters=[TOKEN], responses={204: None})
    def delete(self, request: Request) -> Response:
        """Remove the coupon."""
        carts.coupon_set(cart=cart_to_change(request), code="")
        return Response(status=HTTPStatus.NO_CONTENT)


class CartMergeView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(request=serializers.MergeInput, responses={200: serializers.CartOutput})
    def post(self, request: UserRequest) -> Response:
        """Move the content of an anonymous cart to that of the user. Call it after the login."""
        data = validated(serializers.MergeInput, request)
        cart = carts.cart_merge(user=request.user, token=data["token"])
        return Response(represented(cart))
