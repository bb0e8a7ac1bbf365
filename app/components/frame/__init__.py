"""What stands around every page: the bar of pages, the run, the sidebar, keys, the way back."""
