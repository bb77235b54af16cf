from django.urls import include, path
from rest_framework.routers import SimpleRouter

from apps.mqtt.api import broker, views

app_name = "mqtt"

router = SimpleRouter()
router.register("devices", views.DeviceViewSet, basename="device")

urlpatterns = [
    path("broker/access/", broker.AccessView.as_view(), name="broker-access"),
    path("broker/login/", broker.LoginView.as_view(), name="broker-login"),
    path("devices/<uuid:device>/commands/", views.CommandListView.as_view(), name="command-list"),
    path("devices/<uuid:device>/messages/", views.MessageListView.as_view(), name="message-list"),
    path("", include(router.urls)),
]
