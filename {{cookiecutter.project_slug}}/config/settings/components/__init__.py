"""Settings shared by all environments, one file per topic."""
