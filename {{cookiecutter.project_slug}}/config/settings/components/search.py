"""Search, see docs/search.md."""

from config.settings.components.api import THROTTLE_RATES

# Text search configurations of PostgreSQL by language; other languages use `simple`, without stems.
SEARCH_CONFIGS = {"de": "german", "en": "english"}
# Of more matches, the newest are ranked, so that the time of a search does not grow with their number.
SEARCH_RANKED = 200
THROTTLE_RATES["search"] = "30/minute,1000/day"
# A client requests suggestions while its user types.
THROTTLE_RATES["suggestion"] = "60/minute,3000/day"
