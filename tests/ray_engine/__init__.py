"""Tests of the engine on a real Ray cluster."""
