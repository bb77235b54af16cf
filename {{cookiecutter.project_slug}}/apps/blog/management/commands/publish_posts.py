from typing import Any

from django.core.management.base import BaseCommand

from apps.blog.services.states import posts_publish_due


class Command(BaseCommand):
    help = "Publish scheduled posts whose time has come. Concurrent runs publish each post once."

    def handle(self, **_options: Any) -> None:
        self.stdout.write(f"{posts_publish_due()} posts published.")
