"""The reviewer bundle: a run under a correction, or several runs, as one HTML file that opens offline.

What it says is gathered as plain data (`subject.py`, `claims.py`, `figures.py`, `samples.py`, `facts.py`, `tables.py`)
and written by `page.py` into `report.html`. The same content and settings give the same bytes.
"""
