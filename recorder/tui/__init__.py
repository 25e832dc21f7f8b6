"""The screen of ``recorder watch``: sessions, conversation, frames, evidence and findings, by keys.

What each pane shows is worked out without a terminal (``row_table``, ``conversation``, ``printed_text``,
``time_slider``, ``filter_line``); ``session_feeds`` and ``questions`` read the archive in threads of their
own, by the recipes that the commands use; ``lines_view`` and ``watch_app`` draw, with textual. Nothing here
writes to an archive, and none of the words are its own: they are those of ``recorder.report``.
"""
