"""Judges retouchd from outside: its own code, and no import from what it judges."""

from auditor.consumer import Consumer, Delivery
from auditor.inputs import Input, make_input, read_mark
from auditor.verdict import Verdict, audit, deliveries_in

__all__ = [
    "Consumer",
    "Delivery",
    "Input",
    "Verdict",
    "audit",
    "deliveries_in",
    "make_input",
    "read_mark",
]
