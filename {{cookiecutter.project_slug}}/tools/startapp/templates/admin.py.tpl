from django.contrib import admin

from apps.{{ app }}.models import {{ model }}
from apps.core.admin import CSVAdmin


@admin.register({{ model }})
class {{ model }}Admin(CSVAdmin):
    list_display = {{ admin_columns }}
{% if related %}    list_select_related = {{ related }}
    raw_id_fields = {{ related }}
{% endif %}    list_filter = {{ admin_filters }}
    search_fields = {{ admin_search }}
    export_fields = {{ export_fields }}
