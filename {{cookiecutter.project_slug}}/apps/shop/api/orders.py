"""HTTP layer of the checkout, of orders and of the webhook of the payment provider."""

from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ParseError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api.openapi import ProblemSerializer
from apps.core.api.serializers import validated
from apps.core.api.throttling import UserThrottle
from apps.shop import selectors
from apps.shop.api import serializers
from apps.shop.api.carts import cart_of, represented
from apps.shop.api.throttling import CheckoutThrottle, WebhookThrottle
from apps.shop.exceptions import InvalidEvent, InvalidInput, PricesChanged
from apps.shop.models import Order
from apps.shop.services import checkout, payments, refunds, states
from apps.users.authentication import UserRequest
from infrastructure.http.problems import PROBLEM_JSON, problem

MAX_KEY = 80
KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": MAX_KEY},
    OpenApiParameter.HEADER,
    required=True,
    description="A random text, the same for each repetition of the request.",
)
MOVES = {"ship": states.order_ship, "complete": states.order_complete}


class CheckoutView(APIView):
    throttle_classes = (UserThrottle, CheckoutThrottle)

    @extend_schema(
        parameters=[KEY],
        request=serializers.CheckoutInput,
        responses={
            200: serializers.OrderOutput,
            201: serializers.OrderOutput,
            (409, PROBLEM_JSON): ProblemSerializer,
        },
    )
    def post(self, request: UserRequest) -> Response:
        """Order the content of the cart.

        A repetition with the same key returns the same order (200). If the total has changed, the problem
        details have the current cart in the member `cart` (409).
        """
        key = request.headers.get("Idempotency-Key", "")
        if not 0 < len(key) <= MAX_KEY or not key.isprintable():
            raise InvalidInput("Idempotency-Key", _("This field is required."), "required")
        data = validated(serializers.CheckoutInput, request)
        try:
            order, created = checkout.order_checkout(user=request.user, idempotency_key=key, **data)
        except PricesChanged as error:
            body = problem(request, HTTPStatus.CONFLICT, str(error.code), str(error.message))
            body["cart"] = represented(cart_of(request))
            return Response(body, status=HTTPStatus.CONFLICT, content_type=PROBLEM_JSON)
        status = HTTPStatus.CREATED if created else HTTPStatus.OK
        return Response(serializers.OrderOutput.represent(order), status=status)


class OrderViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Order]):
    """Own orders with their lines."""

    # Of actions that the status of the order does not allow.
    extra_problems = {"POST": [HTTPStatus.CONFLICT]}
    queryset = Order.objects.none()
    serializer_class = serializers.OrderOutput
    filterset_fields = ("status",)
    ordering_fields = ("created_at",)
    ordering = ("-created_at",)

    request: UserRequest

    def get_queryset(self) -> QuerySet[Order]:
        """Return own orders, so that others yield 404."""
        return selectors.order_list(user=self.request.user)

    def change(self, service: Callable[..., Order], **arguments: Any) -> Response:
        """Call a service with the order, and respond with the changed order."""
        order = service(order=self.get_object(), **arguments)
        return Response(serializers.OrderOutput.represent(order))

    @extend_schema(request=None, responses={200: serializers.PaymentOutput})
    @action(
        detail=True,
        methods=["post"],
        # Each request calls the provider, which may be slow.
        throttle_classes=(UserThrottle, CheckoutThrottle),
    )
    def pay(self, request: UserRequest, **_kwargs: Any) -> Response:
        """Start the payment of an order, or continue it."""
        order = self.get_object()
        payment = payments.payment_start(order=order)
        return Response({"provider": order.provider, "client_secret": payment.client_secret})

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def cancel(self, request: UserRequest, **_kwargs: Any) -> Response:
        """Cancel an own order that is not shipped. The paid amount is refunded."""
        return self.change(payments.order_cancel)


class ManagedOrderViewSet(OrderViewSet):
    """Orders of all customers. Requires the permission `shop.manage_order`; without it, none exists."""

    def get_queryset(self) -> QuerySet[Order]:
        """Return all orders for users that manage them."""
        return selectors.order_list_manageable(user=self.request.user)

    pay = None  # type: ignore[assignment] # only customers pay

    @extend_schema(operation_id="shop_manage_move", request=None)
    @action(detail=True, methods=["post"], url_path="(?P<move>ship|complete)")
    def move(self, request: UserRequest, move: str, **_kwargs: Any) -> Response:
        """Mark a paid order as shipped, or a shipped one as completed."""
        return self.change(MOVES[move])

    @extend_schema(request=serializers.RefundInput)
    @action(detail=True, methods=["post"])
    def refund(self, request: UserRequest, **_kwargs: Any) -> Response:
        """Refund an amount, without a return."""
        return self.change(refunds.order_refund, **validated(serializers.RefundInput, request))

    @extend_schema(request=serializers.ReturnInput)
    @action(detail=True, methods=["post"], url_path="return")
    def take_back(self, request: UserRequest, **_kwargs: Any) -> Response:
        """Restock and refund returned items."""
        data = validated(serializers.ReturnInput, request)
        quantities = Counter[UUID]()
        for row in data["lines"]:
            quantities[row["line"]] += row["quantity"]
        return self.change(refunds.order_return, quantities=quantities)


class WebhookView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (WebhookThrottle,)

    @extend_schema(request=OpenApiTypes.OBJECT, responses={204: None})
    def post(self, request: Request) -> Response:
        """Receive an event of the payment provider. Its signature is verified."""
        signature = request.headers.get("Stripe-Signature", "")
        try:
            payments.event_receive(
                provider=settings.SHOP_PAYMENT_PROVIDER, body=request.body, signature=signature
            )
        except InvalidEvent as error:
            raise ParseError(_("The signature is not valid.")) from error
        return Response(status=HTTPStatus.NO_CONTENT)
