from apps.core.management.purge import PurgeCommand
from apps.search.services.terms import terms_purge


class Command(PurgeCommand):
    help = "Delete search terms whose last search was more than 90 days ago."
    rows = "search terms"
    purge = staticmethod(terms_purge)
