"""What vulture takes for unused in ``recorder``: called or read by others. Each group says by whom."""

# by users of the package, their tests and their locustfiles (recorder.testing, recorder.contrib)
keep
raise_if_violated
wait_for_receipt
ScriptUser
abstract
wait_time

# by the standard library: protocols of asyncio, socket, io, enum, and __exit__
readinto
eof_received
exc
gettimeout
_value_
trace
traceback

# by Typer and by Pydantic, with the options and keys that users type
list_moods
nack

# by jsonpath, whose functions and environment are extended
arg_types
return_type
function_extensions

# by zipfile, of a member that is written
compress_type
external_attr

# by rich, whose Console is subclassed
on_broken_pipe

# by json, which write every field of a row
started_at
recorder_version
ended_at
file_bytes
wal_bytes
library_version
wal_reset_bug
journal_mode
synchronous
aud

# by the migrations
is_of_index

# by sqlite3
text_factory

# by name, in the columns of a query
asked_offset_us

# by number: RFC 6455's close codes, all of them
UNSUPPORTED_DATA
EXTENSION_MISSING
SERVICE_RESTART
TRY_AGAIN_LATER
BAD_GATEWAY

# by whoever uses a room of the package as a library
keep_alive
tls

# by unpacking the enum
NAME
VALUE
MINE
ASK

# by the guide's table of formats (tests/update_guide.py)
lacks
made_by
title

# by Typer and prompt_toolkit
format_options
expose_value
height

# by textual, whose widgets are subclassed; handlers are found by their names
border_title
render_line
virtual_size
on_mount
on_unmount
on_click
on_descendant_focus
on_feed_updated
on_answer_received
on_lines_view_moved
on_lines_view_chosen
on_input_submitted
ENABLE_COMMAND_PALETTE
_fatal_error

# read as the fields of a row, by their names (report/load_json.py)
answer_ms
push_ms
receipt_lateness_ms

# called by Typer (cli/lazy_commands.py)
list_commands
