"""Planted mistakes that the tests must notice."""
