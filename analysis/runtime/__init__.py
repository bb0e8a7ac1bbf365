"""How work is done: folders, whole files, the disk cache, threads, processes, hardware, memory. Nothing of ours."""
