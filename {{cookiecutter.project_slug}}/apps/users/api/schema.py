from drf_spectacular.contrib.rest_framework_simplejwt import SimpleJWTScheme


class JWTScheme(SimpleJWTScheme):
    """Describes our tokens in the OpenAPI document."""

    target_class = "apps.users.authentication.JWTAuthentication"
    name = "jwt"
