"""Data sets, corruptions, masks and holes, picture and IDX files, stored arrays."""
