"""Settings that every environment shares, one topic a file."""
