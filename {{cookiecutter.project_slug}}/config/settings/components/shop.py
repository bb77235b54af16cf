"""Shop, see docs/shop.md."""

from config.env import Form, env
from config.settings.components.api import SPECTACULAR_SETTINGS, THROTTLE_RATES
from config.settings.components.security import CORS_ALLOW_HEADERS

# Also in `PROVIDERS` of apps/shop/payments.
SHOP_PAYMENT_PROVIDER = env.choice("SHOP_PAYMENT_PROVIDER", "fake", "stripe", default="fake")
STRIPE_SECRET_KEY = env.text(
    "STRIPE_SECRET_KEY", form=Form(r"[sr]k_\w+", "a secret or restricted key, sk_… or rk_…"), secret=True
)
STRIPE_WEBHOOK_SECRET = env.text(
    "STRIPE_WEBHOOK_SECRET",
    form=Form(r"whsec_\S+", "the signing secret of the endpoint, whsec_…"),
    secret=True,
)
_SECRETS = ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"]
# In production, where `fake` is rejected.
SHOP_REQUIRED = ["SHOP_PAYMENT_PROVIDER", *_SECRETS]
if SHOP_PAYMENT_PROVIDER == "stripe":
    env.require(*_SECRETS)

# Amounts have two decimals, so currencies with three are not supported.
_CURRENCY = Form(
    r"(?!BHD|IQD|JOD|KWD|LYD|OMR|TND)[A-Z]{3}", "a currency with at most two decimals, such as EUR"
)
SHOP_CURRENCY = env.text("SHOP_CURRENCY", "EUR", form=_CURRENCY)
# How long an unpaid order keeps its stock.
SHOP_ORDER_MINUTES = env.integer("SHOP_ORDER_MINUTES", default=30, minimum=5, maximum=10_080)
# Reminders of abandoned carts are off by default, since many countries require consent.
SHOP_CART_REMINDER_HOURS = env.integer("SHOP_CART_REMINDER_HOURS", default=0, maximum=168)
_EMAIL = Form(r"[^\s@]+@[^\s@]+", "an email such as stock@example.com")
SHOP_ALERT_EMAIL = env.text("SHOP_ALERT_EMAIL", form=_EMAIL)

THROTTLE_RATES |= {"cart": "20/minute,500/day", "checkout": "10/minute,200/day", "webhook": "1200/minute"}
CORS_ALLOW_HEADERS += ["idempotency-key", "x-cart-token"]
SPECTACULAR_SETTINGS["ENUM_NAME_OVERRIDES"]["OrderStatusEnum"] = "apps.shop.models.Order.Status"
