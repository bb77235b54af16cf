from rest_framework import serializers

from apps.{{ app }}.models import {{ model }}
from apps.core.api.serializers import OutputSerializer
{% for field in owned %}{{ field.imports }}

class Own{{ field.target }}(serializers.PrimaryKeyRelatedField[{{ field.target }}]):
    """Reference to {{ field.article }} {{ field.target_verbose }} of the user; those of others do not exist for the client."""

    def get_queryset(self) -> QuerySet[{{ field.target }}]:
        return {{ field.target_name }}_list(owner=self.context["request"].user)
{% endfor %}

class {{ model }}Input(serializers.ModelSerializer[{{ model }}]):
{% for field in owned %}    {{ field.name }} = Own{{ field.target }}({% if field.optional %}required=False, allow_null=True{% endif %})
{% endfor %}
    class Meta:
        model = {{ model }}
        fields = {{ input_fields }}
{% if without_blank %}        # Without a value, these are null.
        extra_kwargs = {{ without_blank }}
{% endif %}

class {{ model }}Output(OutputSerializer):
    class Meta:
        model = {{ model }}
        fields = {{ output_fields }}
