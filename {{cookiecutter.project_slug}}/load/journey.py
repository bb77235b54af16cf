"""Requests of the load test and their weights."""

from dataclasses import dataclass, field

PREFIX = "/api/v1/"


@dataclass
class Account:
    """Account of a simulated user with its current tokens."""

    email: str
    password: str
    access: str = ""
    refresh: str = ""


@dataclass(frozen=True)
class Step:
    """One request; placeholders such as `{access}` in its body are fields of the account."""

    method: str
    path: str
    body: dict[str, str] = field(default_factory=dict)
    weight: int = 1

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def url(self) -> str:
        return PREFIX + self.path

    def body_of(self, account: Account) -> dict[str, str] | None:
        return {key: value.format_map(vars(account)) for key, value in self.body.items()} or None


LOG_IN = Step("POST", "auth/token/", {"email": "{email}", "password": "{password}"})
LOG_OUT = Step("POST", "auth/logout/", {"refresh": "{refresh}"})
REFRESH = Step("POST", "auth/token/refresh/", {"refresh": "{refresh}"}, weight=3)

MEMBER = [
    Step("GET", "users/me/", weight=20),
    Step("PATCH", "users/me/", {"first_name": "Ada", "last_name": "Lovelace"}, weight=6),
    Step("POST", "auth/token/verify/", {"token": "{access}"}, weight=3),
    REFRESH,
]
STAFF = [
    Step("GET", "users/", weight=3),
    Step("GET", "users/?search=load-1", weight=1),
    REFRESH,
]
