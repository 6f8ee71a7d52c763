"""The doctor: everything that whoever is asked for help would ask first. Changes nothing.

``examination`` is the order of the checks; each of the other files is one group of them, except for
``check``, which is what a check finds.
"""
