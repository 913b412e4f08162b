"""The rehearsal agent: a script carried out like a real agent would, offline and repeatably."""
