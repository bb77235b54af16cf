"""Models and views that use everything that `apps.core` offers, for its tests only."""
