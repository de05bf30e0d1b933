"""How far forecasts can be trusted."""
