"""The command line, one command per file: `add_parser` and `run`, thin over the library."""
