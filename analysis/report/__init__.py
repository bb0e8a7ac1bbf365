"""Runs -> what leaves the app: tables for people, LaTeX and CSV."""
