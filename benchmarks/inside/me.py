"""Script for a generated project: compares its view with bare views in the same process.

The bare views have no middleware, no throttles and no checks except that of the token. They use the same database,
token library and user query. One returns the same body with a model serializer, as most views do; the target applies
to it. The other one returns a dictionary, the minimum for a view.
"""

from __future__ import annotations

import statistics
import sys
import types

import django

django.setup()

from apps.users.models import User
from apps.users.services.sessions import session_create
from django.test.utils import override_settings
from django.urls import path
from django.utils import timezone
from requests_per_second import caller, rate
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.authentication import JWTAuthentication

TARGET = 0.7
ROUNDS = 150
REQUESTS = 20
FIELDS = ["id", "email", "first_name", "last_name", "is_staff", "created_at", "updated_at"]


class UserSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = FIELDS


class BareView(APIView):
    authentication_classes = [JWTAuthentication]
    permission_classes = [IsAuthenticated]
    throttle_classes = []


class DictionaryView(BareView):
    def get(self, request):
        return Response({name: getattr(request.user, name) for name in FIELDS})


class SerializerView(BareView):
    def get(self, request):
        return Response(UserSerializer(request.user).data)


def main() -> int:
    """Print the table; return 0 if the target is met."""
    user = User.objects.create_user("me@example.com", email_verified_at=timezone.now())
    token = session_create(user=user).access
    urls = types.ModuleType("bare_urls")
    urls.urlpatterns = [path("dictionary/", DictionaryView.as_view()), path("serializer/", SerializerView.as_view())]
    sys.modules["bare_urls"] = urls
    bare = override_settings(MIDDLEWARE=[], ROOT_URLCONF="bare_urls")

    ours = caller("/api/v1/users/me/", token)
    with bare:
        views = {"dictionary": caller("/dictionary/", token), "model serializer": caller("/serializer/", token)}
    ratios: dict[str, list[float]] = {name: [] for name in views}
    for _ in range(ROUNDS):
        ours()
        mine = rate(ours, REQUESTS)
        with bare:
            for name, call in views.items():
                call()
                ratios[name].append(mine / rate(call, REQUESTS))
    medians = {name: statistics.median(values) for name, values in ratios.items()}
    for name, median in medians.items():
        print(f"rate of GET /api/v1/users/me/ to a bare view with a {name:<16} {median:.2f} x")
    print(f"at least {TARGET} x to the model serializer")
    print(f"median of {ROUNDS} rounds of {REQUESTS} requests, processor time")
    return 0 if medians["model serializer"] >= TARGET else 1


sys.exit(main())
