from drf_spectacular.contrib.rest_framework_simplejwt import SimpleJWTScheme


class JWTScheme(SimpleJWTScheme):
    """OpenAPI security scheme of `JWTAuthentication`."""

    target_class = "apps.users.authentication.JWTAuthentication"
    name = "jwt"
