"""Sample app that uses all features of `apps.core`, for tests only."""
