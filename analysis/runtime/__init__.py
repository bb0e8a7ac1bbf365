"""How work is done: folders, whole files, signals, the disk cache, threads, processes, hardware, memory.

Nothing of ours.
"""
