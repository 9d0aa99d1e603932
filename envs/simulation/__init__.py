"""Homes you can act in: SymbolicHome, PhysicalHome, DisturbedHome."""
