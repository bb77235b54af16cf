from rest_framework.routers import SimpleRouter

from apps.{{ app }}.api import views

app_name = "{{ app }}"

router = SimpleRouter()
router.register("{{ prefix }}", views.{{ model }}ViewSet, basename="{{ name }}")

urlpatterns = router.urls
