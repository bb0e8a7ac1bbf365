"""Budgets and stopping rules, as every page that asks where a sample stops reads them from the address."""
