"""Why the forecast is what it is, and what would change it."""
