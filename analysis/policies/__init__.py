"""When to stop: rules that pick an exit, and what they cost. Arrays in, numbers out; no Run.

`POLICIES` is the table of policies and their settings, plain data; a `Rule` is what stops a sample.
"""

from __future__ import annotations

from analysis.policies.rule import Rule, stopping_exits, stops_now
from analysis.policies.rule_files import read_rule, write_rule
from analysis.policies.table import POLICIES, Policy, find_policy, resolve_policy

__all__ = [
    "POLICIES",
    "Policy",
    "Rule",
    "find_policy",
    "read_rule",
    "resolve_policy",
    "stopping_exits",
    "stops_now",
    "write_rule",
]
