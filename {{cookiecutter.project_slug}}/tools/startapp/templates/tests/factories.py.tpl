from datetime import UTC, date, datetime
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from apps.{{ app }}.models import {{ model }}
from apps.users.tests.factories import UserFactory
{% for field in references %}{% if field.target_app != app %}{{ field.factory_import }}{% endif %}
{% endfor %}

class {{ model }}Factory(DjangoModelFactory[{{ model }}]):
    class Meta:
        model = {{ model }}

{% if owner %}    owner = factory.SubFactory(UserFactory)
{% endif %}{% for field in required %}    {{ field.name }} = {{ field.factory }}
{% endfor %}
