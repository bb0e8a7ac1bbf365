"""The page Present: compose screens, then show them without controls."""
