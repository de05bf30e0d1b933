"""Learning priors from past questions and cases, and scores of what was learned."""
