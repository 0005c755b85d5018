"""Kills, failing system calls, damage and soaking on the real programs of loong."""
