"""Ablation: the page."""
