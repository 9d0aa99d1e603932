"""PROOF: replay a plan in the symbolic home; find the span where it breaks."""
