from django.urls import path
from rest_framework.routers import SimpleRouter

from apps.shop.views import OpenView, OrderViewSet

app_name = "shop"
router = SimpleRouter()
router.register("", OrderViewSet)
urlpatterns = [path("open/", OpenView.as_view()), *router.urls]
