"""The script language: what may be written, read and checked, before anything is played."""
