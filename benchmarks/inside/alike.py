"""Views served by both the bare and the generated project: the current user, and a page of 25 users."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.urls import path
from rest_framework.generics import ListAPIView
from rest_framework.pagination import CursorPagination
from rest_framework.response import Response
from rest_framework.serializers import ModelSerializer
from rest_framework.views import APIView


class UserSerializer(ModelSerializer):
    class Meta:
        model = get_user_model()
        fields = ["id", "email", "first_name", "last_name", "is_staff"]


class MeView(APIView):
    def get(self, request):
        return Response(UserSerializer(request.user).data)


class UserPagination(CursorPagination):
    page_size = 25
    ordering = ("-id",)


class UserListView(ListAPIView):
    queryset = get_user_model().objects.all()
    serializer_class = UserSerializer
    pagination_class = UserPagination


urlpatterns = [path("me/", MeView.as_view()), path("users/", UserListView.as_view())]
