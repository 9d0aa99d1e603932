"""FACTS: what the prompt says of the home for one goal; notes on failures."""
