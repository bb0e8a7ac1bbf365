"""Numbers -> sentences, never the other way; the only place where numbers are formatted for people. Plain text."""
