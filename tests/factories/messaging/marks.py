"""Marks for tests of the messaging."""

import pytest

on_every_transport = pytest.mark.parametrize(
    "transport",
    ["local", pytest.param("kafka", marks=[pytest.mark.kafka, pytest.mark.xdist_group("kafka")])],
    indirect=True,
)
