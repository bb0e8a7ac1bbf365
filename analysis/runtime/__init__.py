"""How work is done: folders, files written whole, threads, processes, hardware, memory. Imports nothing of ours."""
