"""The pure heart: events go in, state is computed, commands come out.

Standard library only, no I/O, no clock: the engine, the screen, replay and the tests all fold the
same events through the same code.
"""
