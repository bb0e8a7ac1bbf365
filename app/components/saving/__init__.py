"""How a figure is saved: the box that asks for size and format, and PDFs, which the server makes of its own figure."""
