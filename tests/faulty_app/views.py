from typing import ClassVar

from django.views.decorators.csrf import csrf_exempt
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ModelViewSet

from apps.shop.models import Order


class OrderViewSet(ModelViewSet):
    queryset = Order.objects.all()
    permission_classes = ()
    throttle_classes = ()
    pagination_class = None

    class serializer_class(serializers.ModelSerializer):
        class Meta:
            model = Order
            fields: ClassVar = ("title",)

    create = csrf_exempt(lambda self, request: Response(request.data["title"]))


# Public, writes, and authenticates.
class OpenView(APIView):
    permission_classes = (AllowAny,)

    def post(self, request):
        return Response()
