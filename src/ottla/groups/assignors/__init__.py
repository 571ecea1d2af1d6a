"""Who gets which partition. Pure functions of who wants what and, where it helps, of who had what."""
