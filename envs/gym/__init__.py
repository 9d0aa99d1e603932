"""Gymnasium environments HomeSymbolic-v0 and HomePhysics-v0."""
