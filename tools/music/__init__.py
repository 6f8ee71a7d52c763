"""The composer behind `make_music.py`.

Reading order: `score` (what a song is), `sung`, `instrumental` and `voices` (the songs and their
instruments), `synth` and `drums` (one note, one hit), `performance` (a song as samples), `covers`.
"""
