"""Reads of more than one row; they lock nothing."""
