"""Training documents: rule-based teacher, failure scenarios, corpus builder, recipes."""
