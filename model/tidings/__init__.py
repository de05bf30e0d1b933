"""Bayesian forecasts that move with the news."""
