"""Models that use every abstract model of `apps.core`, for its tests only."""
