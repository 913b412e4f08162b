"""What runs beside an agent: a runner of its own, so that an engine may die without losing it.

Standard library only: a runner is started for every attempt and must be up in milliseconds.
"""
