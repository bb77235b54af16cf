from django_filters import rest_framework as filters

from apps.core.api.filters import DateTimeFilter

from apps.{{ app }}.models import {{ model }}
{% for field in owned %}{{ field.imports }}
from apps.users.authentication import UserRequest

def own_{{ field.target_names }}(request: UserRequest | None) -> QuerySet[{{ field.target }}]:
    """Return the {{ field.target_verbose }} rows that the user may filter by; the OpenAPI document has no request."""
    return {{ field.target_name }}_list(owner=request.user) if request else {{ field.target }}.objects.none()
{% endfor %}

class {{ model }}Filter(filters.FilterSet):
{% for field in owned %}    {{ field.name }} = filters.ModelChoiceFilter(queryset=own_{{ field.target_names }})
{% endfor %}{% for field in ranges %}    {{ field.name }}_after = {{ field.traits.ranged }}("{{ field.name }}", lookup_expr="gte")
    {{ field.name }}_before = {{ field.traits.ranged }}("{{ field.name }}", lookup_expr="lte")
{% endfor %}
    class Meta:
        model = {{ model }}
        fields: list[str] = {{ filter_fields }}
